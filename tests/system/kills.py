"""Kills a daemon with `kill -9` again and again while much happens, and looks what is lost.

`python -m tests.system.kills --times 200` starts a daemon on a fresh database with targets
that break and mend, an operator who acknowledges, notes and silences, and a receiver of pages.
It kills it at random moments: now and then while it still starts, and every other time at once
when it has said something, before it can do what it should have done first. It goes on with the
same database. After each kill everything that the daemon had said is held against the database
(`tests.system.ledger`). It ends with 1 if anything was lost, told twice or told in spite.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sys
import tempfile
import time
from pathlib import Path

from daemon.api.schema import IncidentView
from daemon.client import Client, ClientError
from tests.system.ground import Ground, open_ground
from tests.system.ledger import Ledger
from tests.system.running import Tocsin

NAMES = [f"t{number:02}" for number in range(16)]
LONGEST_LIFE_S = 1.5
SILENCE_MS = 1_500
EARLY = 0.15
"""The share of kills that come while the daemon still starts."""

POLICY = """
[ack]
reopen_on = []

[policy.quick]
[[policy.quick.level]]
after = "0s"
notify = ["channel:hook"]
[[policy.quick.level]]
after = "700ms"
notify = ["channel:hook"]
[[policy.quick.level]]
after = "1500ms"
notify = ["channel:hook"]
repeat = "1s"
"""


class Trial:
    """One daemon's many lives."""

    def __init__(self, home: Path, ground: Ground, seed: int) -> None:
        configuration = ground.configuration(NAMES, POLICY).replace(
            'policy = "first"', 'policy = "quick"'
        )
        self.tocsin = Tocsin(home, configuration.replace("down_after = 2", "down_after = 1"))
        self.ground = ground
        self.ledger = Ledger()
        self._random = random.Random(seed)  # noqa: S311  # chosen so that a run can be repeated
        self._notes = 0
        self._words_left: int | None = None

    def _said(self) -> None:
        """The daemon has said something: it may be its last word, before it can do anything
        that it should have done before it spoke."""
        if self._words_left is not None:
            self._words_left -= 1
            if self._words_left == 0:
                self.tocsin.stop_at_once()

    async def live_and_die(self) -> None:
        """Launch, let much happen, kill, and look."""
        tocsin, ledger = self.tocsin, self.ledger
        ledger.launches.append(time.monotonic())
        self._words_left = self._random.choice([None, self._random.randint(1, 15)])
        tocsin.launch()
        if self._random.random() < EARLY:
            await asyncio.sleep(self._random.uniform(0.1, 1.0))
        else:
            await tocsin.until(lambda state: state.daemon.pid == tocsin.pid)
            await self._happen(self._random.uniform(0.0, LONGEST_LIFE_S))
        assert tocsin.is_running, f"it ended by itself:\n{tocsin.words()}"
        tocsin.kill()
        ledger.hold_against(tocsin.database, list(self.ground.pages))

    async def _happen(self, span_s: float) -> None:
        """Everything at once, for this long or until the daemon's last word."""
        work = [self._shake(), self._operate(), self._watch()]
        tasks = [asyncio.create_task(each) for each in work]
        await asyncio.wait(tasks, timeout=span_s, return_when=asyncio.FIRST_COMPLETED)
        self.tocsin.stop_at_once()
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    async def _shake(self) -> None:
        """Targets break and mend."""
        while True:
            self.ground.broken ^= set(self._random.sample(NAMES, 2))
            await asyncio.sleep(0.1)

    async def _operate(self) -> None:
        """An operator takes incidents, writes notes, and silences services."""
        async with Client(self.tocsin.socket) as client:
            while True:
                with contextlib.suppress(ClientError):  # refused, or the daemon is dead
                    await self._act(client)
                await asyncio.sleep(0.02)

    async def _act(self, client: Client) -> None:
        calling = await client.incidents(state="triggered")
        what = self._random.random()
        if what < 0.1:
            name = self._random.choice(NAMES)
            made = await client.put_silence(
                [f'service="{name}"'], comment="kills", for_ms=SILENCE_MS
            )
            self._said()
            self.ledger.silences.add(made.id)
        elif calling and what < 0.5:
            incident = self._random.choice(calling)
            taken = await client.ack(incident.id, comment="seen")
            self._said()
            self.ledger.acknowledged(taken)
        elif calling:
            incident = self._random.choice(calling)
            self._notes += 1
            text = f"note {self._notes}"
            await client.note(incident.id, text)
            self._said()
            self.ledger.notes[text] = incident.id

    async def _watch(self) -> None:
        """Write down what the daemon says on its stream."""
        with contextlib.suppress(ClientError):
            async with (
                Client(self.tocsin.socket) as client,
                contextlib.aclosing(client.events()) as events,
            ):
                async for event in events:
                    self.ledger.events += 1
                    if isinstance(event.data, IncidentView):
                        self._said()
                        self.ledger.saw(event.data)

    async def end_well(self) -> None:
        """Mend everything, wait until all is told, and look at all of it."""
        tocsin, ledger, pages = self.tocsin, self.ledger, self.ground.pages
        self.ground.broken.clear()
        ledger.launches.append(time.monotonic())
        await tocsin.start()
        await tocsin.until(
            lambda state: (
                {each.state for each in state.incidents} <= {"resolved"}
                and {each.status for each in state.services if each.name != "tocsin"} == {"up"}
                and state.daemon.outbox == state.daemon.queue == 0
            )
        )
        assert tocsin.end() == 0
        ledger.hold_against(tocsin.database, list(pages))
        ledger.all_is_told(tocsin.database, list(pages))
        ledger.told_in_spite(list(pages))


async def kill_often(home: Path, times: int, seed: int) -> tuple[Ledger, dict[str, int]]:
    """Kill a daemon so many times; what was seen, and the summary's figures."""
    with open_ground() as ground:
        trial = Trial(home, ground, seed)
        try:
            for _ in range(times):
                await trial.live_and_die()
            await trial.end_well()
        finally:
            trial.tocsin.stop_at_once()
        ledger = trial.ledger
        return ledger, {
            "kills": times,
            "incidents seen": len(ledger.seen),
            "events seen": ledger.events,
            "acknowledgements answered": len(ledger.taken),
            "notes answered": len(ledger.notes),
            "silences answered": len(ledger.silences),
            "pages told": len(ground.pages),
            "pages told twice, in flight at a kill": ledger.duplicates(ground.pages),
            "breaches": len(ledger.breaches),
        }


def main() -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(description="Kill a daemon often, and look what is lost.")
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    arguments = parser.parse_args()
    seed = random.randrange(1 << 32) if arguments.seed is None else arguments.seed  # noqa: S311
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tocsin-kills-") as home:
        ledger, figures = asyncio.run(kill_often(Path(home), arguments.times, seed))
    for name, figure in figures.items():
        print(f"{name:40} {figure:8}")
    print(f"{'seconds':40} {time.monotonic() - began:8.0f}")
    for breach in ledger.breaches[:50]:
        print(f"BREACH: {breach}")
    return 1 if ledger.breaches else 0


if __name__ == "__main__":
    sys.exit(main())
