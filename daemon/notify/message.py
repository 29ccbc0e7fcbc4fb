"""From a notice to the message that goes out: the API's shapes, scrubbed."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from daemon.api.times import stamp
from daemon.api.views import alert_view
from daemon.api.views.incident import incident_view
from daemon.core.chronicle import Notice
from daemon.core.plan import Plan
from daemon.notify.channel import Message
from daemon.notify.scrub import Scrubber


class Composer:
    """Composes messages with the plan of the moment (impact, runbook, targets).

    Everything is shown as it was when the notice was decided, so each attempt and each
    restart sends the same body under the same key.
    """

    def __init__(self, plan: Callable[[], Plan]) -> None:
        self._plan = plan
        self._scrub = Scrubber()

    def __call__(self, notice: Notice) -> Message:
        """The message of a notice."""
        body = {
            "id": notice.key,
            "type": notice.type.value,
            "time": stamp(notice.at),
            "incident": msgspec.to_builtins(
                incident_view(notice.incident, self._plan(), notice.at)
            ),
            "alerts": [msgspec.to_builtins(alert_view(alert)) for alert in notice.alerts],
        }
        return Message(notice, self._scrub.tree(body))
