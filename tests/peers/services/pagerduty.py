"""PagerDuty's Events API v2 on the loopback.

After developer.pagerduty.com/docs/events-api-v2: "Overview" (answers, 512 KB), "Send an Alert
Event" (fields, their bounds, what each action does to the alert of a `dedup_key`).
"""

from __future__ import annotations

from typing import Any, Final

from tests.peers.services.base import Received, Reply, Service
from tests.peers.services.schema import (
    Rule,
    anything,
    by,
    items,
    one_of,
    problems,
    record,
    text,
    time,
    web_link,
)

PATH: Final = "/v2/enqueue"
LARGEST: Final = 512_000


def details(value: Any, at: str) -> list[str]:
    """Any object."""
    return [] if isinstance(value, dict) else [f"{at}: is no object"]


_KEYS: Final[dict[str, Rule]] = {
    "routing_key": text(32, 32),
    "event_action": anything,
    "dedup_key": text(1, 255),
}
_PAYLOAD: Final = record(
    {
        "summary": text(1, 1_024),
        "source": text(),
        "severity": one_of("critical", "error", "warning", "info"),
    },
    {
        "timestamp": time,
        "component": text(),
        "group": text(),
        "class": text(),
        "custom_details": details,
    },
)
_LINK: Final = record({"href": web_link(2_000)}, {"text": text()})
_IMAGE: Final = record(
    {"src": text(pattern=r"https://.+")}, {"href": web_link(2_000), "alt": text()}
)
_TRIGGER: Final = record(
    {**_KEYS, "payload": _PAYLOAD},
    {
        "client": text(),
        "client_url": web_link(2_000),
        "links": items(_LINK),
        "images": items(_IMAGE),
    },
)
EVENT: Final = by(
    "event_action",
    {"trigger": _TRIGGER, "acknowledge": record(_KEYS), "resolve": record(_KEYS)},
)


class PagerDutyService(Service):
    """Takes events of one routing key.

    Attributes:
        alerts: What became of the alert of each `dedup_key`: `triggered`, `acknowledged`,
            `resolved`.
        dropped: Events for no open alert, which PagerDuty accepts and drops.
    """

    def __init__(self, routing_key: str) -> None:
        super().__init__()
        self.routing_key = routing_key
        self.alerts: dict[str, str] = {}
        self.dropped: list[dict[str, Any]] = []

    @property
    def endpoint(self) -> str:
        """What a channel's `api_url` is to be."""
        return self.url + PATH

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event that came in, in order."""
        return [received.json() for received in self.received]

    def answer(self, received: Received) -> Reply:
        if (received.method, received.path) != ("POST", PATH):
            return Reply(404, "Not Found")
        wrong = self._wrong(received)
        if wrong:
            self.problems += wrong
            said = {"status": "invalid event", "message": "Event object is invalid"}
            return Reply.of({**said, "errors": wrong}, 400)
        event = received.json()
        self._apply(event)
        said = {"status": "success", "message": "Event processed"}
        return Reply.of({**said, "dedup_key": event["dedup_key"]}, 202)

    def _wrong(self, received: Received) -> list[str]:
        if len(received.body) > LARGEST:
            return [f"body: has {len(received.body)} bytes"]
        if not received.headers.get("content-type", "").startswith("application/json"):
            return ["the content is not said to be JSON"]
        try:
            event = received.json()
        except ValueError:
            return ["body: is no JSON"]
        wrong = problems(EVENT, event)
        if not wrong and event["routing_key"] != self.routing_key:
            return ["Invalid routing key"]
        return wrong

    def _apply(self, event: dict[str, Any]) -> None:
        key, action = event["dedup_key"], event["event_action"]
        state = self.alerts.get(key, "resolved")
        if action == "trigger":
            self.alerts[key] = "triggered" if state == "resolved" else state
        elif state == "resolved":
            self.dropped.append(event)
        else:
            self.alerts[key] = {"acknowledge": "acknowledged", "resolve": "resolved"}[action]
