"""What a client may meet, and what a command exits with for it."""

from __future__ import annotations

import pytest

from daemon.client import errors


@pytest.mark.parametrize(
    ("status", "kind", "exit_code"),
    [
        (400, errors.BadRequest, 2), (403, errors.Forbidden, 4), (404, errors.NotFound, 2),
        (405, errors.BadRequest, 2), (409, errors.Refused, 4), (412, errors.Conflict, 4),
        (413, errors.BadRequest, 2), (422, errors.BadRequest, 2), (500, errors.DaemonFault, 1),
        (502, errors.DaemonFault, 1), (503, errors.Unavailable, 3),
    ],
)  # fmt: skip
def test_each_status_has_its_error_and_exit_code(
    status: int, kind: type[errors.ClientError], exit_code: int
) -> None:
    assert errors.error_for(status) is kind
    assert kind.exit_code == exit_code


def test_an_error_is_its_words_and_carries_further_faults() -> None:
    error = errors.BadRequest("two faults", [{"field": "a"}, {"field": "b"}])
    assert str(error) == "two faults"
    assert [fault["field"] for fault in error.problems] == ["a", "b"]
    assert isinstance(error, errors.ClientError)


def test_no_daemon_is_exit_code_3() -> None:
    assert errors.NoDaemon.exit_code == errors.Disconnected.exit_code == 3
