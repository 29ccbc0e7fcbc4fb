"""The `heartbeat` kind, a dead man's switch: what is expected to call in, and when.

It is passive: pings come in over the API and the engine watches the deadline, so there is a
spec here and no probe. Due is one `period` after the last ping, or the next time that `cron`
names in `timezone`; late is `grace` after that.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import field_validator, model_validator

from checks.probe import Kind
from checks.spec import CheckSpec, Duration, Secret

_TOKEN: Final = re.compile(r"[A-Za-z0-9._~-]{1,200}")
"""What stands in a URL's path as it is (RFC 3986, section 2.3)."""


class HeartbeatSpec(CheckSpec):
    """When a heartbeat is due.

    Attributes:
        period: It comes at least this often.
        cron: Or at these times, five fields as in crontab(5).
        timezone: The zone of `cron`; the daemon's unless set.
        grace: How much later it may come, one minute unless set.
        token: What stands in its ping's path, `/ping/{token}`; the check's name unless set.
    """

    kind: Literal["heartbeat"] = "heartbeat"
    period: Duration | None = None
    cron: str | None = None
    timezone: str | None = None
    grace: Duration = 60_000
    token: Secret | None = None

    @field_validator("period")
    @classmethod
    def _period_is_long_enough(cls, period: int | None) -> int | None:
        if period is not None and period < 1000:
            raise ValueError("a period is at least 1s")
        return period

    @field_validator("cron")
    @classmethod
    def _cron_has_a_next_time(cls, cron: str | None) -> str | None:
        if cron is not None:
            try:
                next(CronSim(cron, datetime.now(UTC)))
            except CronSimError as error:
                raise ValueError(f"{cron!r} is no cron expression: {error}") from None
            except StopIteration:
                raise ValueError(f"{cron!r} never comes") from None
        return cron

    @field_validator("timezone")
    @classmethod
    def _timezone_is_known(cls, timezone: str | None) -> str | None:
        if timezone is not None:
            try:
                ZoneInfo(timezone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError(
                    f"{timezone!r} is no time zone; write it like Europe/Berlin"
                ) from None
        return timezone

    @model_validator(mode="after")
    def _keys_fit_together(self) -> HeartbeatSpec:
        if (self.period is None) == (self.cron is None):
            raise ValueError("set either period or cron")
        if self.timezone is not None and self.cron is None:
            raise ValueError("timezone belongs to cron")
        if self.token is None and not _TOKEN.fullmatch(self.name):
            raise ValueError("its name cannot stand in a URL's path: set a token")
        if self.token is not None and not _TOKEN.fullmatch(self.token.get_secret_value()):
            raise ValueError("a token has 1 to 200 letters, digits and . _ ~ -")
        return self

    @property
    def ping_token(self) -> str:
        """What stands in its ping's path."""
        return self.name if self.token is None else self.token.get_secret_value()


KIND: Final = Kind(name="heartbeat", spec=HeartbeatSpec, passive=True)
