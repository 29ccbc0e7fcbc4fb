"""The migration that questions about the past stand on: incidents by context and by policy."""

from __future__ import annotations

from typing import Final


def _from_record(column: str, kind: str, path: str) -> str:
    return f"""ALTER TABLE incident ADD COLUMN {column} {kind} GENERATED ALWAYS AS
        (CASE WHEN json_valid(record) THEN json_extract(record, '{path}') END) VIRTUAL"""


PAST: Final[tuple[str, ...]] = (
    _from_record("policy", "TEXT", "$.escalation.policy"),
    "CREATE INDEX incident_by_context ON incident (context, fired_at, key)",
    """CREATE INDEX incident_by_policy ON incident
        (fired_at, policy, level, service, acknowledged_at, key) WHERE policy IS NOT NULL""",
)
