"""A program that gets the incident as JSON on its standard input: the body of a webhook.

It is run without a shell, with a small environment, in a process group of its own that is
ended with the attempt (`checks.program`). The first line that it writes is the receipt, or
the reason. Its exit code decides, as mail programs have it (sysexits.h): 0 is taken, 75
(EX_TEMPFAIL) is worth another attempt, and every other is a refusal. One that a signal ended
has refused nothing.
"""

from __future__ import annotations

from typing import Final

import msgspec

from checks.errors import ProbeError
from checks.program import Ended, run_program
from daemon.notify.channel import Message
from daemon.notify.errors import Permanent, Transient
from daemon.notify.scrub import Scrubber
from daemon.notify.spec import ExecSpec
from daemon.notify.spec.exec import small_environment

EX_TEMPFAIL: Final = 75


class ExecChannel:
    """Runs one program, once an attempt."""

    def __init__(self, spec: ExecSpec) -> None:
        self.spec = spec
        self._environment = small_environment(spec.env)
        self._scrub = Scrubber(
            value.get_secret_value() for name, value in spec.env.items() if name != "PATH"
        )

    async def send(self, message: Message) -> str:
        """Run it to its end. Cancelled, it is ended with whatever it has started."""
        body = msgspec.json.encode(message.body)
        try:
            ended = await run_program(self.spec.run, self._environment, given=body)
        except ProbeError as error:
            raise Permanent(self._scrub.line(error.message)) from None
        except OSError as error:
            words = f"the program could not be run: {error.strerror}"
            raise Transient(self._scrub.line(words)) from None
        return self._judged(ended)

    async def close(self) -> None:
        """No program outlives its attempt."""

    def _judged(self, ended: Ended) -> str:
        program = self.spec.run[0]
        if ended.code == 0:
            return self._scrub.line(_first_line(ended.out) or f"{program} ended with exit code 0")
        reason = _first_line(ended.err) or _first_line(ended.out)
        how = f"was ended by {ended.died}" if ended.died else f"ended with exit code {ended.code}"
        detail = self._scrub.line(f"{program} {how}" + (f": {reason}" if reason else ""))
        if ended.died or ended.code == EX_TEMPFAIL:
            raise Transient(detail)
        raise Permanent(detail)


def _first_line(output: str) -> str:
    """The first line that is not blank."""
    return next((line for line in output.splitlines() if line.strip()), "")
