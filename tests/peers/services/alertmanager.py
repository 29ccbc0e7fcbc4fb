"""What a receiver of Alertmanager's webhook may count on, version 4.

After prometheus.io/docs/alerting/latest/configuration/#webhook_config.
"""

from __future__ import annotations

from typing import Any, Final

from tests.peers.services.base import Received, Reply, Service
from tests.peers.services.schema import (
    Rule,
    anything,
    items,
    one_of,
    problems,
    record,
    text,
    time,
)


def _texts(value: Any, at: str) -> list[str]:
    """An object of texts."""
    if not isinstance(value, dict):
        return [f"{at}: is no object"]
    return [f"{at}.{name}: is no text" for name, one in value.items() if not isinstance(one, str)]


def _count(value: Any, at: str) -> list[str]:
    return [] if isinstance(value, int) and value >= 0 else [f"{at}: is no count"]


_STATUS: Final[Rule] = one_of("firing", "resolved")
_ALERT: Final = record(
    {
        "status": _STATUS,
        "labels": _texts,
        "annotations": _texts,
        "startsAt": time,
        "endsAt": time,
        "generatorURL": text(0),
        "fingerprint": text(16, 16, r"[0-9a-f]+"),
    }
)
GROUP: Final = record(
    {
        "version": one_of("4"),
        "groupKey": text(),
        "truncatedAlerts": _count,
        "status": _STATUS,
        "receiver": text(),
        "groupLabels": _texts,
        "commonLabels": _texts,
        "commonAnnotations": _texts,
        "externalURL": anything,
        "alerts": items(_ALERT, 1),
    }
)


class AlertmanagerReceiver(Service):
    """Takes groups."""

    def answer(self, received: Received) -> Reply:
        self.problems += problems(GROUP, received.json())
        return Reply(200, "thanks")
