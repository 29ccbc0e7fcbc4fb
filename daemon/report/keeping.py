"""Reports that are kept as they were made: packed into a record, and read back."""

from __future__ import annotations

import hashlib
import re
import zlib
from typing import Final

import msgspec

from daemon.api.schema import Period
from daemon.api.schema.daily import AnyReport, read_report
from daemon.api.schema.reports import ReportLine
from daemon.api.times import parse_stamp, stamp
from daemon.core.chronicle import KeptReport


def pack(view: AnyReport, made_by: str, name: str | None = None) -> KeptReport:
    """The record; of a `[[report]]` and a period there is one, of operators' any number."""
    told: tuple[str | None, ...] = (view.period.label, view.period.timezone)
    if name is None:
        told = (*told, view.service, view.organization, view.generated_at, made_by)
    key = key_of(name, *told)
    kept = msgspec.structs.replace(view, id=key, name=name, made_by=made_by)
    return KeptReport(
        key=key,
        name=name,
        label=view.period.label,
        service=view.service,
        organization=view.organization,
        start=parse_stamp(view.period.start),
        end=parse_stamp(view.period.end),
        made_at=parse_stamp(view.generated_at),
        made_by=made_by,
        final=view.final,
        digest=view.digest,
        body=zlib.compress(msgspec.json.encode(kept)),
    )


def key_of(name: str | None, *told: str | None) -> str:
    """The id of what a `[[report]]` made of a period (its label and zone)."""
    return hashlib.sha256(repr((name, *told)).encode()).hexdigest()[:12]


def unpack(body: bytes) -> AnyReport:
    """The report as it was made."""
    return read_report(zlib.decompress(body))


_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
"""The label of a day's alerts, and of nothing else: a period of a day is `FROM..TO`."""


def line(kept: KeptReport) -> ReportLine:
    """What a list says of it."""
    return ReportLine(
        id=kept.key,
        name=kept.name,
        label=kept.label,
        period=Period(start=stamp(kept.start), end=stamp(kept.end)),
        generated_at=stamp(kept.made_at),
        made_by=kept.made_by,
        final=kept.final,
        digest=kept.digest,
        service=kept.service,
        organization=kept.organization,
        kind="alerts" if _DAY.fullmatch(kept.label) else "sla",
    )
