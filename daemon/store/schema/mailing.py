"""The migration for reports that are mailed through the outbox: the file that goes out is kept
with the report, so that a delivery need only name it, and with it the folder that it is to be put
into."""

from __future__ import annotations

from typing import Final

MAILING: Final[tuple[str, ...]] = (
    "ALTER TABLE report ADD COLUMN form TEXT",
    "ALTER TABLE report ADD COLUMN file_name TEXT",
    "ALTER TABLE report ADD COLUMN file BLOB",
    "ALTER TABLE report ADD COLUMN folder TEXT",
    "CREATE INDEX report_filed ON report (made_at) WHERE file IS NOT NULL",
)

FILED: Final = "UPDATE report SET folder = NULL WHERE key = ?"
