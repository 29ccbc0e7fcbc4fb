"""The prompts of working together: open an incident, tell how it goes, give a part, merge.

Lines to fill in are checked where they are written; which incident another goes into is picked
from a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from daemon.api.schema import IncidentView
from daemon.core.model import Millis
from daemon.core.severity import parse_severity
from tui.drawing.words import parse_span
from tui.screens.persons import PersonDialog
from tui.screens.prompts import Dialog, label, named

ROLES = ("commander", "scribe")
"""The parts that are offered; others may be written."""


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """What has happened, whose it is (None: nobody's), and how grave."""

    title: str
    service: str | None
    severity: str


class OpenPrompt(Dialog):
    """Open an incident by hand.

    Args:
        service: The one that is selected, to begin with.
    """

    def __init__(self, services: Sequence[str], service: str | None) -> None:
        super().__init__()
        self._services, self._service = sorted(services), service

    def title_text(self) -> str:
        """What is asked."""
        return "Open an incident"

    def lines(self) -> ComposeResult:
        """Title, service, severity."""
        known = SuggestFromList(self._services, case_sensitive=False)
        told = "what has happened, in a line"
        yield named("title", Input(placeholder=told, id="title", max_length=200))
        chosen, offer = self._service or "", "empty: none; → takes the offer"
        line = Input(chosen, placeholder=offer, suggester=known, id="service", max_length=200)
        yield named("service", line)
        yield named("severity", Input("high", placeholder="critical, P1, high …", id="severity"))

    def answer(self) -> OpenAnswer:
        """The incident."""
        title, service = self.text("title"), self.text("service")
        if not title:
            raise ValueError("say in a few words what has happened; escape gives up")
        if service and service not in self._services:
            raise ValueError(f"there is no service {service}; empty is none")
        return OpenAnswer(title, service or None, parse_severity(self.text("severity")).word)


@dataclass(frozen=True, slots=True)
class UpdateAnswer:
    """How it goes, and when the next update comes; None where that is not promised."""

    text: str
    next_in_ms: Millis | None


class UpdatePrompt(Dialog):
    """A status update for stakeholders."""

    def __init__(self, incident: str) -> None:
        super().__init__()
        self._incident = incident

    def title_text(self) -> str:
        """What is asked."""
        return f"Tell stakeholders of {self._incident}"

    def lines(self) -> ComposeResult:
        """The text, and the time."""
        told = "how it goes, for those who ask"
        yield named("update", Input(placeholder=told, id="text", max_length=2_000))
        yield named("next in", Input(placeholder="15m; empty: not promised", id="next"))

    def answer(self) -> UpdateAnswer:
        """Text and time."""
        if not self.text("text"):
            raise ValueError("an empty update says nothing; escape gives up")
        time = self.text("next")
        return UpdateAnswer(self.text("text"), parse_span(time) if time else None)


@dataclass(frozen=True, slots=True)
class RoleAnswer:
    """Which part, and who has it from now on; None is nobody."""

    role: str
    to: str | None


class RolePrompt(PersonDialog):
    """Give a person a part in mending an incident.

    Args:
        has: Who has which part now.
    """

    def __init__(self, incident: str, persons: Sequence[str], has: dict[str, str]) -> None:
        super().__init__(sorted(persons))
        self._incident, self._has = incident, has

    def title_text(self) -> str:
        """What is asked."""
        return f"Roles in {self._incident}"

    def lines(self) -> ComposeResult:
        """Who has which, the part, the person."""
        if self._has:
            now = ", ".join(f"{role} {who}" for role, who in self._has.items())
            yield label(now, classes="preview")
        offered = [role for role in ROLES if role not in self._has] or list(ROLES)
        parts = SuggestFromList([*ROLES, *self._has], case_sensitive=False)
        line = Input(offered[0], placeholder="commander, scribe, …", suggester=parts, id="role")
        yield named("role", line)
        yield from self.person_lines("empty: nobody; → takes the offer")

    def answer(self) -> RoleAnswer:
        """Part and person."""
        role = self.text("role").lower()
        if not role:
            raise ValueError("write which role: commander, scribe, or a word of your own")
        if self.text("person"):
            return RoleAnswer(role, self.person("who it is to be"))
        if role not in self._has:
            raise ValueError(f"nobody is {role} yet; write who it is to be")
        return RoleAnswer(role, None)


class MergePrompt(ModalScreen[IncidentView | None]):
    """Into which incident another goes; enter takes the selected one, escape gives up."""

    AUTO_FOCUS = "#survivors"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "give up", show=False),
    ]

    def __init__(self, incident: str, offered: Sequence[IncidentView]) -> None:
        super().__init__()
        self._incident, self._offered = incident, offered

    def compose(self) -> ComposeResult:
        """The title, a line for each incident, the keys."""
        with Vertical(classes="dialog"):
            yield label(f"Merge {self._incident} into", classes="question")
            yield OptionList(*map(_option, self._offered), id="survivors", markup=False)
            yield label("enter: choose · escape: give up", classes="hint")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter, or a click."""
        event.stop()
        self.dismiss(self._offered[event.option_index])

    def action_give_up(self) -> None:
        """Nothing is done."""
        self.dismiss(None)


def _option(incident: IncidentView) -> Option:
    aside = f"  {incident.service or 'no service'}, {incident.severity}"
    return Option(Content.assemble((incident.title, "bold"), (aside, "dim")))
