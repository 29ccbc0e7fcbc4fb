"""Whether there is something that makes reports by itself: only where a `[[report]]` says so.

Making reports is a large part of the program and a rare wish, so the reporter is loaded with the
first configuration that has one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from daemon.config import Config

if TYPE_CHECKING:
    from daemon.service.reporter import Reporter


def load_for(config: Config) -> None:
    """Load what `Reporting.follow` will need for this configuration, on a thread that may wait."""
    if config.reports:
        from daemon.service import reporter as reporter


class Reporting:
    """The reporter, once there is one."""

    def __init__(self, make: Callable[[type[Reporter]], Reporter]) -> None:
        """
        Args:
            make: Makes it, given its class.
        """
        self._make = make
        self._reporter: Reporter | None = None

    @property
    def problem(self) -> str | None:
        """What is wrong with a report, in words."""
        return None if self._reporter is None else self._reporter.problem

    def follow(self, config: Config) -> None:
        """Make the reports of this configuration from now on, and no others."""
        if self._reporter is None and config.reports:
            from daemon.service.reporter import Reporter

            self._reporter = self._make(Reporter)
        if self._reporter is not None:
            self._reporter.follow(config)

    async def close(self) -> None:
        """Make nothing more."""
        if self._reporter is not None:
            await self._reporter.close()
