"""The files of kept reports, for the mails that carry them.

A report is written once, when it is kept, and its file stays with it. Where there is none (the
report named a person who was forgotten since) it is written anew, of what is kept.
"""

from __future__ import annotations

import asyncio
import zlib
from functools import partial

from daemon.core.chronicle import Notice
from daemon.core.telling.mailing import REPORT_KEY
from daemon.notify.document import Document, Fetch
from daemon.notify.errors import Permanent, Transient
from daemon.store.errors import StoreError
from daemon.store.reading.analysis import Analysis
from daemon.store.reading.reports import Filed, filed_report


def reports_in(analysis: Analysis) -> Fetch:
    """What fetches the report that a notice is about."""

    async def fetch(notice: Notice) -> Document:
        key = notice.incident.key.removeprefix(REPORT_KEY)
        try:
            filed = await analysis.ask(partial(filed_report, key=key))
        except StoreError as error:
            raise Transient(f"the report cannot be read now: {error}") from None
        if filed is None:
            raise Permanent(f"the report {key} is not kept any more")
        return await asyncio.to_thread(document_of, filed)

    return fetch


def document_of(filed: Filed) -> Document:
    """The file as it was written when the report was kept."""
    from daemon.report.forms import MEDIA, Form, file_name, written  # loaded by a report at most
    from daemon.report.keeping import unpack

    form = Form(filed.form)
    if filed.file is not None:
        return Document(filed.name, MEDIA[form], zlib.decompress(filed.file))
    view = unpack(filed.body)
    return Document(file_name(view, form), MEDIA[form], written(view, form).encode())
