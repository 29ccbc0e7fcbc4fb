"""daemon.config.maintenance: what an entry means to the engine, and which SLAs it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from daemon.config import Config, dump
from daemon.core.model import HOUR
from daemon.core.plan import MaintenancePlan

CHECKS = '[[service]]\nname = "shop"\n[[service]]\nname = "orders"\n' + "".join(
    f'[[check]]\nname = "{name}"\nservice = "{service}"\nkind = "tcp"\nhost = "192.0.2.1"\n'
    f'port = 80\nlabels = {{ rack = "{rack}" }}\n'
    for name, service, rack in [("web", "shop", "a"), ("api", "shop", "b"), ("db", "orders", "a")]
)


def test_entries_are_taken_as_written_by_the_clock_of_a_zone(full: Config) -> None:
    assert full.plan.maintenance == {
        "weekly-patching": MaintenancePlan(
            "weekly-patching",
            "Europe/Berlin",
            services=("checkout", "orders-db"),
            excludes=("checkout", "orders-db"),
            cron="0 3 * * SUN",
            duration=HOUR,
            reason="kernel updates",
        ),
        "monthly-patching": MaintenancePlan(
            "monthly-patching",
            "Europe/Berlin",
            services=("orders-db",),
            excludes=("orders-db",),
            rrule="FREQ=MONTHLY;BYDAY=-1SU",
            start=datetime(2026, 1, 25, 3),  # noqa: DTZ001  # by the clock
            duration=2 * HOUR,
        ),
        "move": MaintenancePlan(
            "move",
            "America/New_York",
            match=full.plan.maintenance["move"].match,
            excludes=("mail-certificate",),
            start=datetime(2026, 12, 1, 2),  # noqa: DTZ001  # by the clock
            end=datetime(2026, 12, 1, 6, 30),  # noqa: DTZ001  # as above
        ),
    }
    assert [str(one) for one in full.plan.maintenance["move"].match] == ['check=~"mail-.*"']


def test_an_entry_is_shown_as_it_would_be_written(full: Config) -> None:
    shown = dump(full)
    assert 'recur = "0 3 * * SUN"\nduration = "1h"' in shown
    assert 'start = "2026-12-01T02:00"\nend = "2026-12-01T06:30"' in shown


@pytest.mark.parametrize(
    ("match", "excludes"),
    [
        ('["service=shop"]', ("shop",)),
        ('["rack=a"]', ("orders",)),  # of the shop only one check is
        ('["rack=~a|b"]', ("shop", "orders")),
        ('["rack=~a|b", "check!=db"]', ("shop",)),
        ('["rack=c"]', ()),
        ('["service=shop", "severity!=critical"]', ()),
        ('["service=shop", "alertname=CheckFailing"]', ()),
        ('["service=shop", "rule!=slow"]', ()),
    ],
)
def test_matchers_are_about_the_services_of_which_every_check_matches_whatever_its_alert(
    load_text: Callable[[str], Config], match: str, excludes: tuple[str, ...]
) -> None:
    entry = f'[[maintenance]]\nname = "m"\nmatch = {match}\nrecur = "0 3 * * *"\nduration = "1h"\n'
    plan = load_text(CHECKS + entry).plan.maintenance["m"]
    assert (plan.excludes, plan.services, plan.timezone) == (excludes, (), "UTC")
