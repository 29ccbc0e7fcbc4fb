"""The migration for looks at the past: the moments at which incidents changed, in order, what
ended when, and when silences were made."""

from __future__ import annotations

from typing import Final

KINDS: Final = (
    "'fired', 'acknowledged', 'snoozed', 'unacknowledged', 'ack_expired', 'reopened', 'merged',"
    " 'split', 'resolved'"
)
"""The lines of a timeline that change what one sees of an incident at a glance."""

MOMENTS: Final[tuple[str, ...]] = (
    f"CREATE INDEX timeline_moment ON timeline (at) WHERE kind IN ({KINDS})",
    "CREATE INDEX incident_by_end ON incident (resolved_at, fired_at)",
    "CREATE INDEX alert_history_by_end ON alert_history (resolved_at, fired_at)",
    """CREATE INDEX audit_of_silences ON audit (subject, at)
        WHERE action IN ('silence', 'edit silence')""",
)
