"""Calendars of others that say who is on call: fetched, read, kept, watched.

A schedule with `ical` has one, a file or a URL. It is fetched every `ical_every`, bounded in size
and time, read by a process of its own, and what comes of it goes to the engine as plain stretches
of time with the names of persons: by an event's summary, or by a mail address of somebody who
attends. The last good copy lies beside the database; a daemon that starts goes on from it before
anything is decided, and a calendar that cannot be fetched or read leaves it in force, with an alert
of Tocsin's own (`TocsinCalendar`). One that has never been read is waited for a little, at a start
and at a reload: until it is there the layers below it count.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import aiohttp

from checks.text import one_line
from daemon.config import Config
from daemon.core.events import CalendarRead
from daemon.core.model import DAY, Instant
from daemon.core.oncall.schedules import flattened
from daemon.core.plan import CalendarPiece, PersonPlan
from daemon.core.record import record

_log = logging.getLogger("tocsin.calendar")

MOST_BYTES: Final = 4 * 1024 * 1024
BEHIND: Final = 31 * DAY
AHEAD: Final = 400 * DAY
_FETCH_S: Final = 30.0
_READ_S: Final = 30.0
_FIRST_S: Final = 5.0
"""So long a start waits for a calendar of which there is no copy, and a reload for all that are
new."""
_SEPARATORS: Final = re.compile(r"\s*(?:[,;:/&+]|\band\b)\s*", re.IGNORECASE)
_ASIDE: Final = re.compile(r"\([^)]*\)")


class CalendarFault(Exception):
    """A calendar cannot be had; the text says why and no secret."""


@record(frozen=True, slots=True)
class Source:
    """Where a schedule's calendar comes from."""

    schedule: str
    place: str
    timezone: str
    every_s: float

    @property
    def is_web(self) -> bool:
        """Whether it is fetched from the web."""
        return self.place.startswith(("https://", "http://"))


def sources(config: Config) -> Iterator[Source]:
    """The calendars that a configuration names; files relative to its own."""
    for name, schedule in config.settings.schedules.items():
        if schedule.ical is not None:
            place = schedule.ical.get_secret_value()
            if "://" not in place:
                place = str(config.path.parent / Path(place).expanduser())
            zone = config.plan.schedules[name].timezone
            yield Source(name, place, zone, schedule.ical_every / 1000)


class Calendars:
    """Keeps the calendars of a configuration.

    Attributes:
        problems: What is wrong, by the schedule's name.
    """

    def __init__(
        self, database: Path, now: Callable[[], Instant], take: Callable[[CalendarRead], None]
    ) -> None:
        self.problems: dict[str, str] = {}
        self._directory = database.with_name(f"{database.stem}.calendars")
        self._now = now
        self._take = take
        self._persons: Mapping[str, PersonPlan] = {}
        self._tasks: dict[Source, asyncio.Task[None]] = {}

    @property
    def problem(self) -> str | None:
        """What is wrong with one of them, in words."""
        return next(iter(self.problems.values()), None)

    async def read_copies(self, config: Config) -> list[CalendarRead]:
        """What the last good copies say."""
        self._persons = config.plan.persons
        found = []
        for source in sources(config):
            copy = self._copy(source)
            try:
                data: bytes | None = await asyncio.to_thread(copy.read_bytes)
            except FileNotFoundError:
                data = await self._first(source)
            except OSError as error:
                _log.warning("the copy %s cannot be read: %s", copy, error.strerror)
                continue
            try:
                found += [] if data is None else [await self._read(source, data)]
            except CalendarFault as error:
                _log.warning("the copy %s is of no use: %s", copy, error)
        return found

    async def _first(self, source: Source) -> bytes | None:
        """A calendar that was never read: nobody is told by the layers that it covers, if it
        answers soon."""
        try:
            async with asyncio.timeout(_FIRST_S):
                return await self._fetch(source)
        except (TimeoutError, OSError, CalendarFault):
            return None  # `refresh` says so, and why

    async def read_new(self, config: Config) -> dict[str, tuple[CalendarPiece, ...]]:
        """What the calendars say, by schedule, that this configuration has and the present one
        has not; those that do not answer soon are left out."""
        self._persons = config.plan.persons
        new = [one for one in sources(config) if one not in self._tasks]
        found = await asyncio.gather(*map(self._first_read, new))
        return {one.schedule: one.pieces for one in found if one is not None}

    async def _first_read(self, source: Source) -> CalendarRead | None:
        data = await self._first(source)
        try:
            return None if data is None else await self._read(source, data)
        except (CalendarFault, OSError):
            return None  # `refresh` says so, and why
        except Exception:  # noqa: BLE001  # no fault in it may keep a good configuration away
            _log.exception("reading the calendar of %s has a fault", source.schedule)
            return None

    def follow(self, config: Config) -> None:
        """Fetch the calendars of this configuration from now on, and no others."""
        self._persons = config.plan.persons
        for task in self._tasks.values():
            task.cancel()
        wanted = list(sources(config))
        names = {one.schedule for one in wanted}
        self.problems = {name: text for name, text in self.problems.items() if name in names}
        loop = asyncio.get_running_loop()
        self._tasks = {one: loop.create_task(self._keep(one)) for one in wanted}

    async def close(self) -> None:
        """Fetch nothing more."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def _keep(self, source: Source) -> None:
        while True:
            await self.refresh(source)
            await asyncio.sleep(source.every_s)

    async def refresh(self, source: Source) -> None:
        """Fetch and read it once; the engine has it, or a problem stands here."""
        name = source.schedule
        try:
            data = await self._fetch(source)
            read = await self._read(source, data)
            await asyncio.to_thread(_write, self._copy(source), data)
        except (CalendarFault, OSError) as error:
            self._fail(source, str(error))
            return
        except Exception as error:  # noqa: BLE001  # one fault must not end all further attempts
            _log.exception("reading the calendar of %s has a fault", name)
            self._fail(source, f"a fault of Tocsin's own ({type(error).__name__}); see its log")
            return
        if self.problems.pop(name, None) is not None:
            _log.info("the calendar of %s is well again", name)
        self._take(read)

    def _fail(self, source: Source, why: str) -> None:
        name, is_kept = source.schedule, self._copy(source).exists()
        then = "the last good copy counts" if is_kept else "its layers count until it can"
        text = f"the calendar of {name} cannot be used: {why}; {then}"
        if self.problems.get(name) != text:
            _log.error("%s", text)
        self.problems[name] = text

    async def _fetch(self, source: Source) -> bytes:
        if not source.is_web:
            return await asyncio.to_thread(_read_file, Path(source.place))
        limit = aiohttp.ClientTimeout(total=_FETCH_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as session,
                session.get(source.place) as answer,
            ):
                if answer.status != 200:  # HTTP's OK
                    raise CalendarFault(f"the server says {answer.status}")
                data = b""
                async for piece in answer.content.iter_chunked(64 * 1024):
                    data += piece
                    if len(data) > MOST_BYTES:
                        raise CalendarFault(f"it is larger than {MOST_BYTES} bytes")
                return data
        except TimeoutError:
            raise CalendarFault(f"no answer within {_FETCH_S:g} s") from None
        except (aiohttp.ClientError, ValueError) as error:
            raise CalendarFault(type(error).__name__) from None  # its text may hold the URL

    async def _read(self, source: Source, data: bytes) -> CalendarRead:
        now = self._now()
        words = [source.timezone, str(now - BEHIND), str(now + AHEAD)]
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "daemon.service.calendar_reading", *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            async with asyncio.timeout(_READ_S):
                out, complaint = await child.communicate(data)
        except TimeoutError:
            raise CalendarFault(f"it takes more than {_READ_S:g} s to work out") from None
        finally:
            if child.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        if child.returncode:
            raise CalendarFault(one_line(complaint.decode(errors="replace"), 200) or "no calendar")
        return CalendarRead(source.schedule, self._pieces(source, json.loads(out)))

    def _pieces(self, source: Source, events: list[list[object]]) -> tuple[CalendarPiece, ...]:
        known = _Directory(self._persons)
        found, unknown = [], set[str]()
        for start, end, summary, addresses in events:
            names = known.named(str(summary), list(map(str, addresses)))  # type: ignore[call-overload]  # as the reader writes it
            found += [CalendarPiece(int(str(start)), int(str(end)), (name,)) for name in names]
            if not names:
                unknown.add(str(summary))
        if unknown:
            some = one_line(", ".join(sorted(unknown)[:5]), 200)
            _log.warning("the calendar of %s names nobody known: %s", source.schedule, some)
        return flattened(found)

    def _copy(self, source: Source) -> Path:
        return self._directory / (re.sub(r"[^A-Za-z0-9_-]", "_", source.schedule) + ".ics")


async def kept(
    config: Config, database: Path, now: Instant
) -> dict[str, tuple[CalendarPiece, ...]]:
    """What the last good copies say, by schedule."""
    calendars = Calendars(database, lambda: now, lambda _: None)
    return {one.schedule: one.pieces for one in await calendars.read_copies(config)}


class _Directory:
    """Persons by what a calendar may call them."""

    def __init__(self, persons: Mapping[str, PersonPlan]) -> None:
        self._names = {name.casefold(): name for name in persons}
        self._mails = {
            way.address.casefold(): person.name
            for person in persons.values()
            for way in (*person.high, *person.low)
            if way.address is not None and "@" in way.address
        }

    def named(self, summary: str, addresses: list[str]) -> list[str]:
        """Who is meant: those whom the summary names, or else who attends."""
        plain = _ASIDE.sub("", summary).strip()
        words = [one.casefold() for one in _SEPARATORS.split(plain)]
        by_name = [self._names[one] for one in words if one in self._names]
        by_mail = [self._mails.get(one.casefold()) for one in addresses]
        return by_name or [name for name in by_mail if name is not None]


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise CalendarFault(f"it is larger than {MOST_BYTES} bytes")
    return data


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all; others may not read it."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    new = path.with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
