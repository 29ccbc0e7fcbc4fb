"""The paging: says what is new, wherever the operator is, and rings when it is loud.

It goes by the live mirror whatever is looked at: also in the past a new incident is announced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.mirror import RANK
from tui.ringing import Ringing, announcement

if TYPE_CHECKING:
    from tui.app import Dashboard

LOUD: Final = ("emergency", "critical")
"""Severities whose new incidents ring the terminal's bell."""


class Paging:
    """Knows which incidents were there before.

    Args:
        ringing: How a new page is announced outside of the dashboard.
    """

    def __init__(self, app: Dashboard, ringing: Ringing) -> None:
        self._app, self._ringing = app, ringing
        self._known: set[str] = set()

    def begin(self) -> None:
        """What is there now is not new."""
        self._known = set(self._app.mirror.incidents)

    def take(self) -> None:
        """Say what is new, with the bell when it is loud."""
        incidents, known = self._app.mirror.incidents, self._known
        self.begin()
        fresh = [one for key, one in incidents.items() if key not in known]
        fresh = [one for one in fresh if one.state == "triggered" and not one.muted]
        if not fresh:
            return
        worst = min(fresh, key=lambda one: RANK[one.severity])
        more = f" and {len(fresh) - 1} more" if len(fresh) > 1 else ""
        title, loud = f"New: {worst.severity}{more}", worst.severity in LOUD
        subject = f"{worst.service or ''} {worst.title}".strip()
        past = self._app.desk.past is not None
        way = "That is now: N, then w go there." if past else "w goes there."
        self._app.say(f"{subject}\n{way}", title, "error" if loud else "warning")
        if loud:
            self._app.send(announcement(self._ringing, f"Tocsin {title}", subject))
