"""The registry of actions: one table that feeds keys, key bar, palette, help and permission.

An action says what it is called, which key does it, where it applies, whether it writes and
which role may. Whether it can be done now is a pure function of the situation, and when it
cannot, the answer is the reason an operator is shown; no key is ever silently dead.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from daemon.api.schema import (
    ChannelView,
    CheckView,
    IncidentView,
    ScheduleView,
    ServiceView,
    SilenceView,
    SlaView,
)

ROLES: Final = ("viewer", "operator", "admin")
"""Each may what those before it may."""


class Place(enum.StrEnum):
    """Where the operator is."""

    OVERVIEW = "overview"
    INCIDENTS = "incidents"
    INCIDENT = "incident"
    CHECKS = "checks"
    SILENCES = "silences"
    SLA = "sla"
    ONCALL = "oncall"
    CHANNELS = "channels"
    ANALYSIS = "analysis"


MODES: Final = (
    Place.OVERVIEW,
    Place.INCIDENTS,
    Place.CHECKS,
    Place.SILENCES,
    Place.SLA,
    Place.ONCALL,
    Place.CHANNELS,
    Place.ANALYSIS,
)
"""The places behind the number keys, in their order."""
MODE_NAMES: Final = {
    Place.OVERVIEW: "Overview",
    Place.INCIDENTS: "Incidents",
    Place.CHECKS: "Checks",
    Place.SILENCES: "Silences",
    Place.SLA: "SLA",
    Place.ONCALL: "On call",
    Place.CHANNELS: "Channels",
    Place.ANALYSIS: "Analysis",
}


@dataclass(frozen=True, slots=True)
class Situation:
    """What an action depends on.

    Attributes:
        cut: Why nothing can be written now (no connection), in words; None when it can.
        undo: What `z` would undo, in words.
        lists: Whether there is a list here that can be filtered.
        past: Whether it is a picture of the past.
    """

    place: Place
    role: str
    cut: str | None = None
    incident: IncidentView | None = None
    check: CheckView | None = None
    service: ServiceView | None = None
    silence: SilenceView | None = None
    channel: ChannelView | None = None
    schedule: ScheduleView | None = None
    sla: SlaView | None = None
    undo: str | None = None
    lists: bool = True
    past: bool = False


Refusal = Callable[[Situation], str | None]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing an operator can do.

    Attributes:
        keys: What does it; the first is shown.
        title: A word or two for key bar and palette.
        help: A sentence for the palette and the help.
        places: Where it applies; empty is everywhere.
        role: The least role that may.
        writes: Whether it changes the daemon's state.
        bar: Its place in the key bar, low first; None leaves it out.
        beside: The action whose line in the help tells of this one too.
        blocked: Why it cannot be done in a situation, or None.
    """

    id: str
    keys: tuple[str, ...]
    title: str
    help: str
    places: frozenset[Place] = frozenset()
    role: str = "viewer"
    writes: bool = False
    bar: int | None = None
    blocked: Refusal | None = None
    symbol: str = ""
    beside: str = ""

    @property
    def key(self) -> str:
        """The first key as it is shown."""
        return self.symbol or self.keys[0]


def _needs_incident(situation: Situation) -> str | None:
    if situation.incident is None:
        return "no incident is selected; w goes to the worst one"
    if situation.incident.state == "resolved":
        return "this incident is resolved"
    return None


def _ackable(situation: Situation) -> str | None:
    reason = _needs_incident(situation)
    incident = situation.incident
    if reason or incident is None:
        return reason
    if incident.state == "acknowledged":
        return f"{incident.acknowledged_by or 'somebody'} has acknowledged it already"
    if not incident.acknowledgeable:
        return "its rule forbids acknowledging (acknowledgeable = false)"
    return None


def _unackable(situation: Situation) -> str | None:
    reason = _needs_incident(situation)
    incident = situation.incident
    if reason or incident is None:
        return reason
    return None if incident.state == "acknowledged" else "nobody has acknowledged it"


def _escalatable(situation: Situation) -> str | None:
    reason = _needs_incident(situation)
    incident = situation.incident
    if reason or incident is None:
        return reason
    if incident.escalation is None:
        return "its route has no escalation policy"
    if incident.escalation.spent:
        return f"policy {incident.escalation.policy} has told everybody it names"
    return None


def _notable(situation: Situation) -> str | None:
    return None if situation.incident else "no incident is selected; w goes to the worst one"


def _expirable(situation: Situation) -> str | None:
    if situation.silence is None:
        return "no silence is selected"
    return "it has expired already" if situation.silence.status.state == "expired" else None


def _runnable(situation: Situation) -> str | None:
    if situation.check is None:
        return "no check is selected"
    if situation.check.kind == "heartbeat":
        return "a heartbeat is not run; it waits to be pinged"
    return None


def _testable(situation: Situation) -> str | None:
    if situation.channel is None:
        return "no channel is selected"
    return None if situation.channel.kind else "it left the configuration"


def _overridable(situation: Situation) -> str | None:
    return None if situation.schedule is not None else "no schedule is selected"


def _amendable(situation: Situation) -> str | None:
    return None if situation.sla is not None else "no SLA is selected"


def _tryable(situation: Situation) -> str | None:
    return "this is the past; N goes back to now" if situation.past else _amendable(situation)


def _withdrawable(situation: Situation) -> str | None:
    sla = situation.sla
    if sla is None:
        return "no SLA is selected"
    said = sla.exclusions or any(one.notes for one in sla.violations)
    return None if said else "nothing is excluded from it or noted on it"


def _only_past(situation: Situation) -> str | None:
    return None if situation.past else "this is the present already"


_INCIDENTS: Final = frozenset({Place.OVERVIEW, Place.INCIDENTS, Place.INCIDENT})

ACTIONS: Final = (
    Action("ack", ("a",), "ack", "Acknowledge: escalation and repeats stop, it is yours",
           _INCIDENTS, "operator", True, 1, _ackable),
    Action("ack_with", ("A",), "ack with comment",
           "Acknowledge with a comment, and for a time if you like",
           _INCIDENTS, "operator", True, None, _ackable),
    Action("snooze", ("S",), "snooze", "Acknowledge for a time; then it waits for somebody again",
           _INCIDENTS, "operator", True, None, _ackable),
    Action("unack", ("u",), "un-ack", "Give it back: escalation goes on",
           _INCIDENTS, "operator", True, 2, _unackable),
    Action("assign", ("o",), "assign", "Give it to a person, who is told so; escalation goes on",
           _INCIDENTS, "operator", True, None, _needs_incident),
    Action("update", ("U",), "update", "Tell stakeholders how it goes, and when they hear next",
           _INCIDENTS, "operator", True, None, _needs_incident),
    Action("role", ("R",), "roles", "Give a person a role in it: commander, scribe",
           _INCIDENTS, "operator", True, None, _needs_incident),
    Action("merge", ("m",), "merge", "Move its alerts into another incident; asks first",
           _INCIDENTS, "operator", True, None, _needs_incident),
    Action("open", ("i",), "new incident", "Open an incident by hand",
           frozenset(), "operator", True),
    Action("note", ("n",), "note", "Write a line into the incident's timeline",
           _INCIDENTS, "operator", True, 3, _notable),
    Action("escalate", ("e",), "escalate", "Tell the next level now; asks first",
           _INCIDENTS, "operator", True, 5, _escalatable),
    Action("respond", ("p",), "respond", "Run a response, or decide on one that waits; asks first",
           _INCIDENTS, "operator", True, None, _needs_incident),
    Action("resolve", ("r",), "resolve", "Close the incident by hand; asks first",
           _INCIDENTS, "operator", True, 6, _needs_incident),
    Action("run", ("x",), "run now", "Run the selected check at once",
           frozenset({Place.CHECKS}), "operator", True, 1, _runnable),
    Action("expire", ("x",), "expire", "End the selected silence now",
           frozenset({Place.SILENCES}), "operator", True, 2, _expirable),
    Action("test", ("t",), "test", "Send a test message over the selected channel",
           frozenset({Place.CHANNELS}), "operator", True, 1, _testable),
    Action("override", ("v",), "override", "Put somebody on call for a while; pages go to them",
           frozenset({Place.ONCALL}), "operator", True, 1, _overridable),
    Action("what_if", ("d",), "what if", "Try more down time on the selected SLA; changes nothing",
           frozenset({Place.SLA}), bar=1, blocked=_tryable),
    Action("exclude", ("x",), "exclude", "Take a stretch of the past out of the selected SLA",
           frozenset({Place.SLA}), "operator", True, 2, _amendable),
    Action("sla_note", ("n",), "note", "Write on a violation of the selected SLA, or edit that",
           frozenset({Place.SLA}), "operator", True, 3, _amendable),
    Action("withdraw", ("u",), "withdraw", "Take an exclusion or a note of the selected SLA back",
           frozenset({Place.SLA}), "operator", True, None, _withdrawable),
    Action("span", ("d",), "days", "Look further back: 7, 30, 90 days, 24 hours",
           frozenset({Place.ANALYSIS}), bar=1),
    Action("silence", ("s",), "silence", "Mute alerts by matchers for a time, with a preview",
           frozenset(), "operator", True, 4),
    Action("maintenance", ("M",), "maintenance", "Mute what is worked on; no SLA counts the time",
           frozenset(), "operator", True),
    Action("undo", ("z",), "undo", "Take back what you did last",
           frozenset(), "operator", True, 7,
           lambda situation: None if situation.undo else "there is nothing to undo"),
    Action("worst", ("w",), "worst", "Go to the worst incident nobody has acknowledged", bar=8),
    Action("filter", ("slash",), "filter", "Show only what matches, such as severity=critical",
           bar=9, symbol="/",
           blocked=lambda situation: None if situation.lists else "nothing to filter here"),
    Action("earlier", ("left_square_bracket",), "earlier",
           "Look at the past: when something changed last, and on from there", symbol="["),
    Action("later", ("right_square_bracket",), "later",
           "Look at when something changed next; after the last time it is now", symbol="]",
           blocked=_only_past, beside="earlier"),
    Action("hour_back", ("left_curly_bracket",), "hour back", "Look at an hour earlier, or later",
           symbol="{"),
    Action("hour_on", ("right_curly_bracket",), "hour on", "Look at an hour later", symbol="}",
           blocked=_only_past, beside="hour_back"),
    Action("seek", ("at",), "seek", "Look at a moment of the past: 14:30, 2h ago, a date",
           symbol="@"),
    Action("present", ("escape", "N"), "now", "Leave the past; this is how it is now",
           symbol="esc", blocked=_only_past),
    Action("help", ("question_mark",), "help", "Keys and signs of this place", bar=10, symbol="?"),
    Action("palette", ("colon", "ctrl+p"), "palette", "Find any action, service, check, incident",
           bar=11, symbol=":"),
    *(
        Action(f"mode.{place}", (str(number),), MODE_NAMES[place], f"Go to {MODE_NAMES[place]}")
        for number, place in enumerate(MODES, 1)
    ),
    Action("theme", ("T",), "theme", "Switch between the dark and the light theme"),
    Action("quit", ("q",), "quit", "Leave the dashboard; the daemon goes on", bar=12),
)  # fmt: skip

BY_ID: Final = {action.id: action for action in ACTIONS}


def refusal(action: Action, situation: Situation) -> str | None:
    """Why an action cannot be done in a situation; None when it can."""
    if action.places and situation.place not in action.places:
        places = ", ".join(sorted(action.places))
        return f"this belongs to {places}"
    if ROLES.index(action.role) > ROLES.index(_role(situation.role)):
        return f"you are a {_role(situation.role)}; this needs the role {action.role}"
    if action.writes and situation.cut:
        return situation.cut
    return action.blocked(situation) if action.blocked is not None else None


def _role(word: str) -> str:
    """An unknown role may what a viewer may."""
    return word if word in ROLES else "viewer"


def here(place: Place) -> list[Action]:
    """The actions of a place, its own before those of everywhere."""
    own = [action for action in ACTIONS if place in action.places]
    return own + [action for action in ACTIONS if not action.places]


def bar(place: Place, *, past: bool = False) -> list[Action]:
    """The actions the key bar of a place shows, in its order; of the past nothing is written."""
    shown = (a for a in here(place) if a.bar is not None and not (past and a.writes))
    return sorted(shown, key=lambda a: a.bar or 0)


def by_key(key: str, place: Place) -> Action | None:
    """What a key does in a place."""
    return next((action for action in here(place) if key in action.keys), None)


def keys() -> Iterable[str]:
    """Every key that does something, each once."""
    return dict.fromkeys(key for action in ACTIONS for key in action.keys)
