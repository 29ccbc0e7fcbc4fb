"""What befalls the estate: outages, slow hours, flapping, channels that fail. Seeded, written
before anything is played, so that the truth is known apart from what the engine makes of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from checks.result import Status
from daemon.core.model import HOUR, MINUTE, SECOND, Instant, Millis


@dataclass(frozen=True, slots=True)
class Spell:
    """From `start` to before `end` something is the matter with a check or a channel.

    Attributes:
        status: What the check is meanwhile; up where it is slow.
    """

    name: str
    start: Instant
    end: Instant
    status: Status = Status.DOWN


@dataclass(frozen=True, slots=True)
class Weather:
    """All that befalls the estate, each kind in no particular order."""

    outages: tuple[Spell, ...]
    slow: tuple[Spell, ...]
    deaf: tuple[Spell, ...]
    """Channels that do not deliver."""


def forecast(
    dice: random.Random, names: list[str], gold: list[str], start: Instant, end: Instant
) -> Weather:
    """What befalls these checks: some seven things a day among two hundred."""
    a_day = len(names) / 200
    outages = [*_outages(dice, names, start, end, 6.5 * a_day)]
    outages += _outages(dice, [n for n in names if n.startswith("db")], start, end, 0.25)
    restless = [name for name in names if name.endswith("7")]
    for spell in list(_outages(dice, restless, start, end, 0.1)):
        outages += _flapping(dice, spell)
    slow = _times(dice, start, end, 0.6 * a_day)
    deaf = _times(dice, start, end, 0.4)
    return Weather(
        tuple(outages),
        tuple(Spell(dice.choice(gold), at, at + _lasts(dice, 40 * MINUTE)) for at in slow),
        tuple(
            Spell(dice.choice(("push", "sms", "chat", "mail")), at, at + _lasts(dice, HOUR))
            for at in deaf
        ),
    )


def _outages(
    dice: random.Random, names: list[str], start: Instant, end: Instant, a_day: float
) -> Iterator[Spell]:
    for at in _times(dice, start, end, a_day):
        status = Status.DEGRADED if dice.random() < 0.15 else Status.DOWN
        yield Spell(dice.choice(names), at, at + _lasts(dice, 25 * MINUTE), status)


def _flapping(dice: random.Random, spell: Spell) -> Iterator[Spell]:
    for number in range(dice.randrange(8, 16)):
        at = spell.start + number * 4 * MINUTE
        yield Spell(spell.name, at, at + 2 * MINUTE)


def _times(dice: random.Random, start: Instant, end: Instant, a_day: float) -> Iterator[Instant]:
    at = start + HOUR
    while (at := at + round(dice.expovariate(a_day) * 24 * HOUR)) < end:
        yield at


def _lasts(dice: random.Random, middle: Millis) -> Millis:
    """From seconds to a day, half of them under the middle."""
    return min(max(5 * SECOND, round(middle * dice.lognormvariate(0, 1.3))), 24 * HOUR)
