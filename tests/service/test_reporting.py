"""The reporter is there once a configuration has a report to be made by itself."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from daemon.config import Config
from daemon.service.reporter import Reporter
from daemon.service.reporting import Reporting


class Follower:
    """Stands for the reporter."""

    problem = "the folder is full"

    def __init__(self) -> None:
        self.followed: list[Any] = []
        self.closed = False

    def follow(self, config: Any) -> None:
        self.followed.append(config)

    async def close(self) -> None:
        self.closed = True


def config(*names: str) -> Config:
    return cast("Config", SimpleNamespace(reports=dict.fromkeys(names)))


async def test_it_is_made_with_the_first_report_and_follows_each_configuration_from_then_on() -> (
    None
):
    made: list[Follower] = []

    def make(reporter: type[Reporter]) -> Reporter:
        assert reporter is Reporter
        made.append(Follower())
        return cast("Reporter", made[-1])

    reporting, none, one = Reporting(make), config(), config("monthly")
    reporting.follow(none)
    await reporting.close()
    assert (made, reporting.problem) == ([], None)
    reporting.follow(one)
    reporting.follow(none)  # its last report is gone: it must hear of that
    await reporting.close()
    (follower,) = made
    assert follower.followed == [one, none]
    assert (follower.closed, reporting.problem) == (True, "the folder is full")
