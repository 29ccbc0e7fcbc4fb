"""Reports that are kept and mailed: the report and its mails are one decision.

A report goes out as any other message: through the outbox, in the transaction that keeps it, with
an idempotency key, retries, limits and the breaker of its channel. The notice carries what the
mail says and the report's id; the file itself stays with the kept report and is attached when the
mail is sent. So the outbox stays small, and a daemon that is killed anywhere in between has either
decided nothing or all of it; also the folder that the file is still to be put into is kept with it.

Its notices belong to no incident, and carry one of their own making (`REPORT_KEY`, the id).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Final

from daemon.core.chronicle import Audit, Notice, NoticeType
from daemon.core.effects import Enqueue
from daemon.core.events.house import KeepReport, Mailing, MailReport
from daemon.core.model import Incident, IncidentState, Instant
from daemon.core.severity import Severity
from daemon.core.telling.notices import USEFUL_FOR, Recipient
from daemon.core.turn import Turn

REPORT_KEY: Final = "report-"
"""How the key of the incident begins that a report's notices carry."""


def keep(event: KeepReport, turn: Turn) -> None:
    """Keep it, and put its mails into the outbox."""
    report = event.report
    turn.append(report)
    about = f"{report.label}, {report.digest}"
    turn.append(Audit(turn.now, event.actor, "keep report", report.key, about))
    said = _said(report.key, report.made_at, event.subject, event.text)
    for notice in _notices(said, event.mailings, 0, turn.now):
        turn.emit(Enqueue(notice))


def mail_again(event: MailReport, turn: Turn) -> None:
    """Put the mails into the outbox that were given up."""
    names = ", ".join(Recipient(m.channel, m.person).words for m in event.mailings)
    turn.append(Audit(turn.now, event.actor, "mail report again", event.report, names))
    said = _said(event.report, event.made_at, event.subject, event.text)
    for notice in _notices(said, event.mailings, event.number, turn.now):
        turn.emit(Enqueue(notice))


def _said(report: str, made_at: Instant, subject: str, text: str) -> Incident:
    return Incident(
        key=f"{REPORT_KEY}{report}",
        group="report",
        state=IncidentState.TRIGGERED,
        severity=Severity.INFO,
        title=subject,
        summary=text,
        fired_at=made_at,
    )


def _notices(
    said: Incident, mailings: tuple[Mailing, ...], number: int, now: Instant
) -> Iterator[Notice]:
    for one in mailings:
        yield Notice(
            key=_key(said.key, one, number),
            type=NoticeType.REPORT,
            channel=one.channel,
            recipient=one.person,
            address=one.address,
            at=now,
            reason="a report was made",
            incident=said,
            alerts=(),
            expires_at=now + USEFUL_FOR[NoticeType.REPORT],
            stays=True,
        )


def _key(said: str, to: Mailing, number: int) -> str:
    told = "\0".join((said, to.channel, to.person, to.address or "", str(number)))
    return "msg_" + hashlib.sha256(told.encode()).hexdigest()[:24]
