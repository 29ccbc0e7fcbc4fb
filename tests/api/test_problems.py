"""Every fault becomes an answer that helps."""

from __future__ import annotations

import errno
import logging
import os

import msgspec
import pytest
from aiohttp.test_utils import make_mocked_request

from daemon.api.problems import problem_for
from daemon.api.schema import Problem


def told(error: Exception) -> Problem:
    answer = problem_for(error, make_mocked_request("GET", "/api/v1/alerts/history"))
    assert isinstance(answer.body, bytes)
    return msgspec.json.decode(answer.body, type=Problem)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_a_lack_of_files_is_said_as_such_in_one_line_of_the_log(
    number: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        problem = told(OSError(number, os.strerror(number)))
    assert problem.status == 503
    assert "cannot open another file" in problem.detail
    assert "LimitNOFILE" in problem.detail
    assert [record.exc_info for record in caplog.records] == [None]


def test_a_fault_of_our_own_is_logged_whole_and_told_without_its_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.ERROR):
        problem = told(OSError(errno.EIO, "secret"))
    assert (problem.status, "secret" in problem.detail) == (500, False)
    assert caplog.records[0].exc_info is not None
