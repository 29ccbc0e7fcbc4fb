"""Reports of 1,000 services over a month and over a year: how long one takes, and what the daemon
that is asked for it notices.

The database is that of `bench.months` without measurements, of which a report reads none: 200,000
incidents and their pieces of history in 90 days. Every service has an objective. A report is made
as the daemon has it made, in a process of its own, in the form that is asked for; the time is
from the question to the bytes, the CPU that process's from its start to its end.

Then the daemon itself, on such a database that ends today, with a check every 2 s for each service:
windows in which nobody asks and windows in which a month's report is asked for again and again take
turns. A report makes no difference if the lateness while it is made is within the spread of the
windows without one: their greatest p99 and a quarter of it more.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from bench import months
from bench.children import NotMeasured, Subject, Talker
from bench.estate import Estate
from bench.figures import Figure, percentile
from bench.lab import Lab
from daemon.config import load
from daemon.core.model import DAY
from daemon.core.plan import Plan
from daemon.report.daily.day import day_of
from daemon.report.daily.question import ask_day
from daemon.report.daily.view import make_daily
from daemon.report.forms import Form
from daemon.report.periods import parse_period
from daemon.report.printed import make_printed
from daemon.report.question import ask
from daemon.report.view import make
from daemon.store.connect import open_reader
from daemon.store.reading.apart import ask_apart

ZONE: Final = "Europe/Berlin"
EVERY_MS: Final = 2_000
SPREAD: Final = 1.25
"""By so much more than the greatest p99 of the windows without a report may one with it be late."""
HELD_GOAL_MS: Final = 50.0
ASKED: Final = "/api/v1/reports?period=last-30d&format="


@dataclass(frozen=True)
class Promised(Estate):
    """An estate of the services of `bench.months`, each with an objective."""

    def service(self, number: int) -> str:
        """The service of the check with this number."""
        return months.service_of(number + 1)

    def _services(self) -> Iterator[str]:
        for number in range(self.checks):
            name = self.service(number)
            yield f'[[service]]\nname = "{name}"\ncontext = "shop"'
            yield f'[[sla]]\nname = "{name}"\nservice = "{name}"\ntimezone = "{ZONE}"'
            yield "target = 99.9"
            yield "credits = [{ below = 99.9, percent = 10 }, { below = 99, percent = 25 }]"


def reports(lab: Lab) -> Iterator[Figure]:
    """Months and years, then the daemon beside them."""
    scale = replace(months.FEW if lab.pace.brief else months.FULL, results=0)
    path = lab.home / "reports.db"
    months.make(path, scale)
    estate = Promised(scale.checks, lab.ports("http"), every_ms=EVERY_MS)
    plan = _plan(estate)
    for word, label, goal in (("month", "2026-10", 2.0), ("year", "2026", 6.0)):
        for form in (Form.JSON, Form.HTML, Form.CSV):
            name = f"{word} report of {scale.checks:,} services, {form.value}"
            wall_s, cpu_s = _made(path, plan, label, form, lab.pace.runs)
            yield Figure(name, "s", wall_s, goal if form is Form.JSON else None)
            yield Figure(f"{name}: CPU", "s", cpu_s)
    yield from _days(path, plan, f"{scale.incidents:,} incidents", lab.pace.runs)
    for file in path.parent.glob(path.name + "*"):
        file.unlink()
    yield from _beside(lab, estate, replace(scale, end=int(time.time() * 1000) // DAY * DAY))


def _plan(estate: Estate) -> Plan:
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        path = Path(home, "config.toml")
        path.write_text(estate.configuration(Path(home)), encoding="utf-8")
        return load(path).plan


def _made(
    path: Path, plan: Plan, label: str, form: Form, runs: int
) -> tuple[list[float], list[float]]:
    """Seconds that reports took, and those of CPU; the first is not counted."""
    question = ask(plan, parse_period(label, ZONE, months.END), months.END)
    asked = partial(make_printed, making=partial(make, question=question), form=form)
    wall_s, cpu_s = [], []
    for _ in range(runs + 1):
        began_s, spent_s = time.perf_counter(), _children_s()
        found = asyncio.run(ask_apart(path, asked))
        wall_s.append(time.perf_counter() - began_s)
        cpu_s.append(_children_s() - spent_s)
        if len(found.body) < 100 * len(plan.services):
            raise NotMeasured(f"a report of {len(found.body)} bytes")
    return wall_s[1:], cpu_s[1:]


def _days(path: Path, plan: Plan, words: str, runs: int) -> Iterator[Figure]:
    """A day's alerts: what the question takes by itself, and in a process of its own."""
    connection = open_reader(path)
    alone_ms, whole_s = [], []
    try:
        for back in range(runs + 1):
            question = ask_day(plan, day_of(months.END - (2 + back) * DAY, ZONE), months.END)
            spent_s = time.process_time()
            made = make_daily(connection, question)
            alone_ms.append((time.process_time() - spent_s) * 1000)
            if not made.fired or made.coverage.share != 100:  # all was measured
                raise NotMeasured(f"a day of {made.fired} incidents")
            began_s = time.perf_counter()
            making = partial(make_daily, question=question)
            asyncio.run(ask_apart(path, partial(make_printed, making=making, form=Form.HTML)))
            whole_s.append(time.perf_counter() - began_s)
    finally:
        connection.close()
    yield Figure(f"alert report of a day, {words}: CPU of the question", "ms", alone_ms[1:])
    yield Figure(f"alert report of a day, {words}, html", "s", whole_s[1:])


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _beside(lab: Lab, estate: Estate, scale: months.Scale) -> Iterator[Figure]:
    """What the schedule and whoever asks something else notice of a report."""
    quiet_ms, busy_ms, held_ms = [], [], []
    taken_s: list[float] = []
    with tempfile.TemporaryDirectory(prefix="tocsin-bench-") as home:
        subject = Subject(estate, Path(home))
        months.make(subject.database, scale)
        lab.targets.ask("anew")
        with subject, Talker("bench.pinger", subject.socket) as pinger:
            time.sleep(lab.pace.warm_s)
            for _ in range(lab.pace.runs):
                quiet_ms.append(_late_ms(lab))
                pinger.mark()
                with _asking(subject, Form.HTML, taken_s):
                    busy_ms.append(_late_ms(lab))
                held_ms.append(max(pinger.mark()["waits_ms"]))
    rate = f"{estate.checks * 1000 // estate.every_ms:,} a second"
    words = f"lateness at the target, p99, {rate}"
    yield Figure(f"{words}, no report", "ms", quiet_ms)
    yield Figure(f"{words}, while reports are made", "ms", busy_ms, max(quiet_ms) * SPREAD)
    yield Figure(
        "the longest the loop was held up meanwhile", "ms", held_ms, HELD_GOAL_MS, worst=True
    )
    yield Figure("such a report (30 days, html) from the daemon meanwhile", "s", taken_s)


def _late_ms(lab: Lab) -> float:
    lab.targets.mark()
    time.sleep(lab.pace.window_s)
    late_ms = lab.targets.mark()["late_ms"]
    if not late_ms:
        raise NotMeasured("no target was asked")
    return percentile(late_ms, 0.99)


@contextmanager
def _asking(subject: Subject, form: Form, taken_s: list[float]) -> Iterator[None]:
    """Meanwhile one report after the other is asked for; what each took is put into the list."""
    over, failed = threading.Event(), list[str]()

    def go_on() -> None:
        while not over.is_set():
            began_s = time.perf_counter()
            answer = subject.ask(ASKED + form.value)
            taken_s.append(time.perf_counter() - began_s)
            if not answer.startswith(b"HTTP/1.1 200"):
                failed.append(answer[:300].decode(errors="replace"))
                return

    asking = threading.Thread(target=go_on)
    asking.start()
    try:
        yield
    finally:
        over.set()
        asking.join()
    if failed:
        raise NotMeasured(f"no report came: {failed[0]}")
