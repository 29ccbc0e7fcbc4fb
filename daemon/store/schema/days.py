"""The migration for trends of many services: their days that had more than up and down time."""

from __future__ import annotations

from typing import Final

DAY_MS: Final = 86_400_000
MIXED: Final = f"up_ms + down_ms <> {DAY_MS}"
"""Of a day of a service: something else was, too. What asks by the index says it in these words."""

DAYS: Final[tuple[str, ...]] = (
    "CREATE INDEX service_day_mixed ON service_day (day, service, up_ms, degraded_ms)"
    f" WHERE {MIXED}",
)
