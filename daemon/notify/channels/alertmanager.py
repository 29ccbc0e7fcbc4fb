"""An incident in the shape of Alertmanager's webhook, version 4, for receivers made for that.

Source: prometheus.io/docs/alerting/latest/configuration/#webhook_config and /docs/alerting/latest/
notifications/#data. A group there is an incident here, its alerts those that a notice carries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from daemon.notify.channel import Message

NOT_ENDED: Final = "0001-01-01T00:00:00Z"
"""What Alertmanager writes for the end of an alert that fires."""


def group(message: Message, external_url: str) -> dict[str, Any]:
    """The body."""
    incident, notice = message.body["incident"], message.notice
    alerts = [_alert(one, external_url) for one in message.body["alerts"]]
    common = _common([one["labels"] for one in alerts])
    over = incident["state"] == "resolved"
    return {
        "version": "4",
        "groupKey": f"{{}}:{{incident={incident['id']}}}",
        "truncatedAlerts": max(0, len(notice.incident.alerts) - len(alerts)),
        "status": "resolved" if over else "firing",
        "receiver": notice.channel,
        "groupLabels": {name: common[name] for name in ("service",) if name in common},
        "commonLabels": common,
        "commonAnnotations": _common([one["annotations"] for one in alerts]),
        "externalURL": external_url,
        "alerts": alerts,
    }


def _alert(alert: Mapping[str, Any], external_url: str) -> dict[str, Any]:
    over = alert["state"] == "resolved"
    return {
        "status": "resolved" if over else "firing",
        "labels": {"severity": alert["severity"], **alert["labels"]},
        "annotations": dict(alert["annotations"]),
        "startsAt": alert["fired_at"] or NOT_ENDED,
        "endsAt": alert["resolved_at"] if over else NOT_ENDED,
        "generatorURL": external_url,
        "fingerprint": alert["fingerprint"],
    }


def _common(members: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """What all of them say the same."""
    if not members:
        return {}
    first, *others = members
    return {
        name: value
        for name, value in first.items()
        if all(other.get(name) == value for other in others)
    }
