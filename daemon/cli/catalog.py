"""The commands there are: what `tocsin --help` lists, and where each is found.

Kept as plain data, so that only the module of the command that was asked for is loaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its name, the module of `daemon.cli` it is in, and what it does."""

    name: str
    module: str
    text: str


GROUPS: Final[tuple[tuple[str, tuple[Entry, ...]], ...]] = (
    (
        "The daemon",
        (
            Entry("run", "processes", "Run the daemon in the foreground"),
            Entry("up", "processes", "Start the daemon if none runs, then the dashboard"),
            Entry("tui", "processes", "Open the dashboard"),
            Entry("demo", "processes", "Watch a small shop fail by a script"),
            Entry("reload", "configuration", "Have the daemon read its configuration again"),
        ),
    ),
    (
        "What is",
        (
            Entry("status", "status", "Is all well?"),
            Entry("watch", "watch", "Follow what changes, one line an event"),
            Entry("incidents", "incidents", "List open incidents"),
            Entry("alerts", "incidents", "List pending and firing alerts"),
            Entry("show", "incidents", "An incident with its alerts and its timeline"),
            Entry("check", "checks", "List, show or run checks"),
            Entry("service", "checks", "List or show services"),
            Entry("oncall", "oncall", "Who is on call; override, swap and export shifts"),
            Entry("channel", "channels", "List the channels, and how each does"),
            Entry("sla", "slas", "What was promised, and what was kept"),
            Entry("report", "report", "A period's figures: Markdown, HTML, CSV or JSON"),
        ),
    ),
    (
        "What to do",
        (
            Entry("ack", "incidents", "Acknowledge an incident: stops its escalation"),
            Entry("unack", "incidents", "Give it back: its escalation goes on"),
            Entry("snooze", "incidents", "Acknowledge it for a time; then it is triggered again"),
            Entry("assign", "incidents", "Give it to a person, who is told so"),
            Entry("note", "incidents", "Write a line into its timeline"),
            Entry("role", "workflow", "Give a person a role in it: commander, scribe"),
            Entry("update", "workflow", "Tell stakeholders how it goes"),
            Entry("escalate", "incidents", "Run the next level of its policy now"),
            Entry("merge", "workflow", "Move its alerts into another incident"),
            Entry("split", "workflow", "Make some of its alerts an incident of their own"),
            Entry("resolve", "incidents", "End it by hand"),
            Entry("postmortem", "workflow", "Write the draft of a post-mortem"),
            Entry("incident", "workflow", "Open an incident by hand"),
            Entry("response", "responses", "List, run, approve, refuse or reset responses"),
            Entry("silence", "silences", "Add, list, edit or expire silences"),
            Entry("maintenance", "maintenance", "List, begin or end planned work"),
        ),
    ),
    (
        "What was",
        (
            Entry("history", "past", "List incidents of the past"),
            Entry("stats", "past", "Count them: of what, when, how fast; noise, escalations"),
            Entry("export", "export", "Write out alerts, results or deliveries"),
        ),
    ),
    (
        "What it stands on",
        (
            Entry("config", "configuration", "Check, show or begin a configuration"),
            Entry("test", "rehearsals", "Try routes, escalations, channels, alerts, storms"),
            Entry("db", "database", "Back up, verify, prune the database, forget a person"),
            Entry("version", "processes", "Show which version this is"),
        ),
    ),
)
"""The commands, in the order in which they are listed."""

COMMANDS: Final = {entry.name: entry for _, entries in GROUPS for entry in entries}

_ABOUT: Final = """\
Usage: tocsin COMMAND [OPTIONS] [ARGS]...

Monitoring, alerting and on-call, for people who live in a terminal.
"""
_NOTES: Final = """\
`tocsin COMMAND --help` says more, with an example; -o json is for programs.
Times are 2026-11-21T09:50:00Z, "2h ago" or now+30m, durations 30s, 5m, 2h or 7d.
Ids may be shortened to a unique beginning.
Exit codes: 0 good, 1 something fires or fails, 2 bad input, 3 no daemon, 4 refused.
"""


def help_text() -> str:
    """What `tocsin --help` prints."""
    widest = max(map(len, COMMANDS))
    blocks = [_ABOUT]
    for title, entries in GROUPS:
        rows = (f"  {entry.name:<{widest}}  {entry.text}" for entry in entries)
        blocks.append("\n".join([f"{title}:", *rows]) + "\n")
    return "\n".join([*blocks, _NOTES])
