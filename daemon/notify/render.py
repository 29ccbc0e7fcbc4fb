"""Messages as subject, text and HTML, through sandboxed Jinja2 templates.

A message has parts (`subject.txt`, `body.html`, ...), each made by the most special template that
there is for it: of its kind of alert and its severity, of its kind, of its severity, of neither.
An operator's own templates (`templates = "DIR"` of a channel) go before the built-in ones. They
see `m`, the `Story`, and `lead`, a sentence about this kind of alert, and nothing else. One that
fails is replaced by the built-in one, because an ugly page is better than none; the log says so.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from daemon.notify.channel import Message
from daemon.notify.scrub import Scrubber
from daemon.notify.story import Story, tell

_log = logging.getLogger(__name__)

AUDIENCES: Final = ("technical", "stakeholder")
PARTS: Final = (
    "subject.txt",
    "line.txt",
    "sms.txt",
    "speech.txt",
    "lead.txt",
    "body.txt",
    "body.html",
)
"""What is made of a message; the second part of a template's name."""
SUBJECT_LIMIT: Final = 180
LINE_LIMIT: Final = 600
SPEECH_LIMIT: Final = 300
LEAD_LIMIT: Final = 1_000
TEXT_LIMIT: Final = 100_000
"""In characters; some receivers refuse larger mails."""

_TEMPLATING: Final = "daemon.notify.templating"
_loaded: Final = set[str]()
"""Names of modules. `sys.modules` has them too early, while they are being read."""


async def load_templating() -> None:
    """Have what templates are made of before it is needed. It is loaded with the first message, as
    many a daemon never sends one, and in a thread, because the loop must not stand still meanwhile.

    Raises:
        ImportError, OSError: It cannot be read now; the next call tries again.
    """
    if _TEMPLATING not in _loaded:
        await asyncio.to_thread(importlib.import_module, _TEMPLATING)
        _loaded.add(_TEMPLATING)


def names(audience: str, part: str, kind: str, severity: str) -> tuple[str, ...]:
    """The templates that may make a part of a message, the most special first."""
    stem, _, form = part.partition(".")
    middles = (f".{kind}.{severity}", f".{kind}", f".{severity}", "")
    return tuple(f"{audience}/{stem}{middle}.{form}" for middle in middles)


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

    def html(self, message: Message, chart: str = "", caption: str = "") -> str:
        """The whole story as an HTML document for mail clients.

        Args:
            chart: The content id of a picture that goes with it, and its words.
        """
        return self._render("body.html", message, {"chart": chart, "caption": caption})

    def story(self, message: Message) -> Story:
        """The facts, for a channel that sets them out itself."""
        return tell(message, self._zone, self._external_url)

    @property
    def external_url(self) -> str:
        """Where Tocsin is on the web; "" where it is not."""
        return self._external_url or ""

    def file(self, path: Path, message: Message) -> str:
        """What an own template makes of a message, wherever it lies.

        Raises:
            Exception: It fails; there is no built-in one for it.
        """
        from daemon.notify.templating import render

        return render(path.parent, path.name, {"m": self.story(message), "body": message.body})

    def _render(
        self, part: str, message: Message, more: Mapping[str, str] = MappingProxyType({})
    ) -> str:
        story = self.story(message)
        lead = ""
        if part.startswith("body."):
            lead = self._scrub.line(self._made("lead.txt", story, {}), LEAD_LIMIT)
        return self._made(part, story, {"lead": lead, **more})

    def _made(self, part: str, story: Story, more: Mapping[str, str]) -> str:
        from daemon.notify.templating import render

        wanted = names(self.audience, part, story.kind, story.severity)
        facts = {"m": story, "lead": "", "chart": "", "caption": "", **more}
        own = self._own(wanted)
        if own is not None:
            try:
                return render(self._templates, own, facts)
            except Exception as error:  # noqa: BLE001  # whatever an own template does, the page goes out
                _log.warning("own template %s failed, the built-in one is used: %s", own, error)
        return render(None, _built_in(wanted), facts)

    def _own(self, wanted: tuple[str, ...]) -> str | None:
        """The first of these templates that the channel has itself."""
        if self._templates is None:
            return None
        return next((name for name in wanted if (self._templates / name).is_file()), None)


@cache
def _built_in(wanted: tuple[str, ...]) -> str:
    """The first of these templates that there is."""
    from daemon.notify.templating import environment

    return environment(None).select_template(wanted).name or wanted[-1]
