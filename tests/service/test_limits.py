"""Whether more files can be opened is tried, not counted."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterator

import pytest

from daemon.service.limits import FILES_TO_SPARE, has_files_to_spare


@pytest.fixture
def limited() -> Iterator[int]:
    """The process may open exactly as many files as are to be spared; one of those is given."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free: list[int] = []
    while len(free) < FILES_TO_SPARE:
        free.append(os.open(os.devnull, os.O_RDONLY))
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(free) + 1, limits[1]))
    for descriptor in free[1:]:
        os.close(descriptor)
    try:
        yield free[0]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_there_are_files_to_spare_until_one_too_many_is_open(limited: int) -> None:
    assert not has_files_to_spare()
    os.close(limited)
    assert has_files_to_spare()
    assert has_files_to_spare(), "what was tried is closed again"
