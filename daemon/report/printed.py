"""Reports as what is sent of them: bytes and the name of a file.

A month's report of a thousand services is twenty megabytes. To write it takes as long as to reckon
it, so both are done where the report is made, in a process of its own
(`daemon.store.reading.apart`), and the daemon passes bytes on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec

from daemon.api.schema.daily import AnyReport
from daemon.core.chronicle import KeptReport
from daemon.core.record import record
from daemon.report.forms import Form, file_name, written
from daemon.report.keeping import pack, unpack

Making = Callable[[sqlite3.Connection], AnyReport]
"""A report that is asked for, as `Analysis.ask_apart` takes it."""


@record(frozen=True, slots=True)
class Printed:
    """A report in the form that was asked for."""

    form: Form
    name: str
    body: bytes


def printed(view: AnyReport, form: Form) -> Printed:
    """The report in this form; JSON is as the API has it, in one line."""
    text = msgspec.json.encode(view) + b"\n" if form is Form.JSON else written(view, form).encode()
    return Printed(form, file_name(view, form), text)


def make_printed(connection: sqlite3.Connection, making: Making, form: Form) -> Printed:
    """A report that is made now."""
    return printed(making(connection), form)


def make_kept(connection: sqlite3.Connection, making: Making, made_by: str) -> KeptReport:
    """A report that is made now, packed to be kept."""
    return pack(making(connection), made_by)


def kept_printed(connection: sqlite3.Connection, body: bytes, form: Form) -> Printed:
    """A report as it is kept, read already; it is unpacked where it is written."""
    del connection
    return printed(unpack(body), form)
