"""The migration for test incidents: they are found by an index of their own, and counted in no
statistics."""

from __future__ import annotations

from typing import Final

TESTING: Final[tuple[str, ...]] = (
    """ALTER TABLE incident ADD COLUMN test INTEGER
        GENERATED ALWAYS AS (CASE WHEN json_valid(record)
        THEN json_extract(record, '$.is_test') END) VIRTUAL""",
    "CREATE INDEX incident_test ON incident (key) WHERE test",
)
