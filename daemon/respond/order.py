"""What an action is given: its run, and the facts of the incident, free of secrets and controls.

The same facts reach a program as JSON on its standard input and as `TOCSIN_...` variables, and a
webhook as its body. They are as they were when the run was decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from checks.program import Heard
from daemon.api.times import stamp
from daemon.api.views import alert_view
from daemon.api.views.incident import incident_view
from daemon.core.effects import StartResponse
from daemon.core.model import ResponseRun
from daemon.core.plan import Plan
from daemon.core.record import record
from daemon.notify.scrub import Scrubber

OUTPUT_BYTES: Final = 64 * 1024
"""So much of what an action writes is kept: half from its beginning, half from its end."""

_MOST_ALERTS: Final = 1_000
"""An action is told of so many of its incident's alerts at most."""

_TOLD: Final = ("service", "severity", "title", "summary", "state", "context", "organization")
"""The incident's facts that a program finds as variables."""


@record(frozen=True, slots=True)
class Order:
    """One run, ready to be carried out.

    Attributes:
        body: `{id, type, time, response, trigger, incident, alerts}` in the API's shapes.
        heard: Takes what the action writes or is answered.
    """

    run: ResponseRun
    body: Mapping[str, Any]
    heard: Heard

    @property
    def payload(self) -> bytes:
        """The body as JSON."""
        return msgspec.json.encode(self.body)

    @property
    def variables(self) -> dict[str, str]:
        """What a program's environment says of the run and its incident."""
        incident: Mapping[str, Any] = self.body["incident"]
        told = {f"TOCSIN_{name.upper()}": incident.get(name) or "" for name in _TOLD}
        return told | {
            "TOCSIN_INCIDENT": self.run.incident,
            "TOCSIN_RESPONSE": self.run.response,
            "TOCSIN_RUN": self.run.key,
            "TOCSIN_TRIGGER": self.run.trigger,
        }


@record(frozen=True, slots=True)
class Outcome:
    """What came of a run: `detail` in one line, `exit_code` where there was a program."""

    succeeded: bool
    detail: str
    exit_code: int | None = None
    timed_out: bool = False


def order_of(start: StartResponse, plan: Plan, heard: Heard) -> Order:
    """The order for a run, with what the plan adds to its incident (impact, runbook)."""
    run, at = start.run, start.run.started_at or start.run.decided_at
    body = {
        "id": run.key,
        "type": "response",
        "time": stamp(at),
        "response": run.response,
        "trigger": run.trigger,
        "incident": msgspec.to_builtins(incident_view(start.incident, plan, at)),
        "alerts": [msgspec.to_builtins(alert_view(one)) for one in start.alerts[:_MOST_ALERTS]],
    }
    return Order(run, Scrubber().tree(body), heard)
