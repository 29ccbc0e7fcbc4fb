"""Exceptions in an operator's words: whose fault, and what."""

from __future__ import annotations

import errno
import socket
import ssl

import pytest

from checks.errors import ProbeError
from checks.faults import read_fault
from checks.result import Fault


@pytest.mark.parametrize(
    ("error", "fault", "unknown", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Fault.REFUSED, False, "refused by db:1"),
        (OSError(errno.EHOSTUNREACH, "x"), Fault.UNREACHABLE, False, "no route"),
        (OSError(errno.ENETUNREACH, "x"), Fault.UNREACHABLE, False, "network is unreachable"),
        (TimeoutError(errno.ETIMEDOUT, "x"), Fault.TIMEOUT, False, "in time"),
        (ConnectionResetError(errno.ECONNRESET, "x"), Fault.RESET, False, "was reset"),
        (ConnectionResetError(), Fault.RESET, False, "closed the connection"),
        (BrokenPipeError(errno.EPIPE, "x"), Fault.RESET, False, "was closed"),
        (EOFError(), Fault.RESET, False, "in the middle"),
        (socket.gaierror(socket.EAI_NONAME, "x"), Fault.RESOLVE, False, "has no address"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), Fault.RESOLVE, True, "resolver"),
        (socket.gaierror(socket.EAI_SYSTEM, "x"), Fault.INTERNAL, True, "failed here"),
        (OSError(errno.EMFILE, "x"), Fault.INTERNAL, True, "out of file descriptors"),
        (OSError(errno.EADDRNOTAVAIL, "x"), Fault.INTERNAL, True, "no free local address"),
        (OSError(errno.EIO, "x"), Fault.UNREACHABLE, False, "db:1: x"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), Fault.TLS, False, "TLS with db:1"),
        (ProbeError(Fault.AUTH, "no"), Fault.AUTH, False, "no"),
    ],
)
def test_an_error_becomes_a_fault_with_words(
    error: Exception, fault: Fault, unknown: bool, words: str
) -> None:
    found = read_fault(error, "db:1")
    assert found is not None
    assert (found.fault, found.unknown) == (fault, unknown)
    assert words in found.message


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), RuntimeError(), MemoryError()])
def test_what_is_none_of_these_is_a_bug(error: Exception) -> None:
    assert read_fault(error, "db:1") is None
