"""Messages as subject, text and HTML, through sandboxed Jinja2 templates.

An operator's own templates (`templates = "DIR"` of a channel) go before the built-in ones
of the same name. They see `m`, the `Story`, and nothing else. One that fails is replaced by
the built-in one, because an ugly page is better than none; the log says so.
"""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from daemon.notify.channel import Message
from daemon.notify.scrub import Scrubber
from daemon.notify.story import Story, tell

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

_log = logging.getLogger(__name__)

SUBJECT_LIMIT: Final = 180
LINE_LIMIT: Final = 600
SPEECH_LIMIT: Final = 300
TEXT_LIMIT: Final = 100_000
"""In characters; some receivers refuse larger mails."""


class Renderer:
    """Renders for one channel: its audience, zone and templates.

    Attributes:
        audience: `technical` or `stakeholder`: the first part of the templates' names.
    """

    def __init__(
        self,
        audience: str = "technical",
        zone: ZoneInfo | None = None,
        external_url: str | None = None,
        templates: Path | None = None,
    ) -> None:
        self.audience = audience
        self._zone = zone or ZoneInfo("UTC")
        self._external_url = external_url
        self._templates = templates
        self._scrub = Scrubber()

    def subject(self, message: Message) -> str:
        """One line: severity, state, what."""
        return self._scrub.line(self._render("subject.txt", message), SUBJECT_LIMIT)

    def line(self, message: Message) -> str:
        """One longer line, for a log."""
        return self._scrub.line(self._render("line.txt", message), LINE_LIMIT)

    def short(self, message: Message) -> str:
        """One line of few words, the weightiest first, for a telephone's screen."""
        return self._scrub.line(self._render("sms.txt", message), LINE_LIMIT)

    def spoken(self, message: Message) -> str:
        """A sentence or two, to be heard."""
        return self._scrub.line(self._render("speech.txt", message), SPEECH_LIMIT)

    def text(self, message: Message) -> str:
        """The whole story as plain text."""
        return self._scrub.text(self._render("body.txt", message), TEXT_LIMIT)

    def html(self, message: Message) -> str:
        """The whole story as an HTML document for mail clients."""
        return self._render("body.html", message)

    def story(self, message: Message) -> Story:
        """The facts, for a channel that sets them out itself."""
        return tell(message, self._zone, self._external_url)

    def _render(self, template: str, message: Message) -> str:
        name = f"{self.audience}/{template}"
        story = self.story(message)
        if self._templates is not None:
            try:
                return self._rendered(_environment(self._templates), name, story)
            except Exception as error:  # noqa: BLE001  # whatever an own template does, the page goes out
                _log.warning("own template %s failed, the built-in one is used: %s", name, error)
        return self._rendered(_environment(None), name, story)

    @staticmethod
    def _rendered(environment: ImmutableSandboxedEnvironment, name: str, story: Story) -> str:
        return environment.get_template(name).render(m=story)


@cache
def _environment(templates: Path | None) -> ImmutableSandboxedEnvironment:
    """The templates of a directory before the built-in ones; the template language is loaded
    with the first message, not with the daemon. An own one that changes is read anew."""
    from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    built_in = PackageLoader("daemon.notify", "templates")
    own = [] if templates is None else [FileSystemLoader(templates)]
    return ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([*own, built_in]),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=templates is not None,
    )
