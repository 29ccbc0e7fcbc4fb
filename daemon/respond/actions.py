"""The kinds of actions: each carries one order out, once, and says what came of it.

There are no retries: whether an action may be done twice only its owner knows (`repeat`). All of
them may be cancelled at any point, which is how a timeout ends them. Programs are run as checks
and channels run theirs (`checks.program`), a webhook is called as the channel of that name does,
Redis is spoken to as the check of that name does.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from checks.errors import ProbeError, SpecError
from checks.probe import Order as ProbeOrder
from checks.probe import Trace
from checks.program import run_program
from checks.redis import RedisProbe
from daemon.notify.channels.webhook import signature
from daemon.notify.errors import DeliveryError
from daemon.notify.http import Sender
from daemon.notify.spec import signing_key
from daemon.notify.spec.exec import small_environment
from daemon.respond.order import Order, Outcome
from daemon.respond.spec import ActionSpec, RedisAction, WebhookAction


class Action(Protocol):
    """Something that can be done about an incident."""

    async def carry_out(self, order: Order) -> Outcome:
        """Do it, to its end."""
        ...


def action_of(spec: ActionSpec) -> Action:
    """What carries out what the configuration says."""
    if spec.webhook is not None:
        return Webhook(spec.webhook)
    if spec.redis is not None:
        return Redis(spec.redis, spec)
    if spec.run is not None:
        return Program(spec.run, spec)
    return Program(("systemctl", "--no-ask-password", str(spec.do), "--", str(spec.unit)), spec)


class Program:
    """Runs a program: without a shell, in a process group of its own, in a small environment."""

    def __init__(self, words: Sequence[str], spec: ActionSpec) -> None:
        self._words = words
        self._cwd = spec.cwd
        self._environment = small_environment(spec.env)

    async def carry_out(self, order: Order) -> Outcome:
        """Run it; its exit code decides."""
        begun = time.perf_counter()
        environment = self._environment | order.variables
        try:
            ended = await run_program(
                self._words, environment, self._cwd, given=order.payload, heard=order.heard
            )
        except ProbeError as error:
            return Outcome(False, error.message)
        except OSError as error:
            return Outcome(False, f"the program could not be run: {error.strerror}")
        took = f"in {time.perf_counter() - begun:.1f} s"
        said = _last_line(ended.out)
        how = f"ended by {ended.died}" if ended.died else f"exit code {ended.code}"
        detail = f"{how} {took}" + (f": {said}" if said else "")
        return Outcome(ended.code == 0, detail, ended.code)


class Webhook:
    """Calls a URL with the order as JSON, signed after the Standard Webhooks specification."""

    def __init__(self, spec: WebhookAction) -> None:
        self._spec = spec
        self._url = spec.url.get_secret_value()

    async def carry_out(self, order: Order) -> Outcome:
        """Call it; an answer of 2xx is success."""
        spec, payload = self._spec, order.payload
        secrets = [value.get_secret_value() for value in spec.headers.values()]
        try:
            sender = Sender(self._url, secrets, spec.ca, verify=spec.verify)
        except OSError as error:  # the authorities' file has changed since it was looked at
            return Outcome(False, f"{spec.ca}: {error.strerror or error}")
        try:
            answer = await sender.send(
                self._url, payload, self._headers(order, payload), spec.method, reads=True
            )
        except DeliveryError as error:
            return Outcome(False, str(error))
        finally:
            await sender.close()
        order.heard.take(1, answer.body)
        return Outcome(True, answer.said)

    def _headers(self, order: Order, payload: bytes) -> dict[str, str]:
        now_s = int(time.time())
        headers = {name: value.get_secret_value() for name, value in self._spec.headers.items()}
        headers |= {
            "Content-Type": "application/json",
            "webhook-id": order.run.key,
            "webhook-timestamp": str(now_s),
        }
        if self._spec.signing_secret is not None:
            key = signing_key(self._spec.signing_secret.get_secret_value())
            headers["webhook-signature"] = signature(key, order.run.key, now_s, payload)
        return headers


class Redis:
    """Sends one command to a Redis server."""

    def __init__(self, spec: RedisAction, action: ActionSpec) -> None:
        self._check = spec.as_check(action.name)
        self._timeout_ms = action.timeout

    async def carry_out(self, order: Order) -> Outcome:
        """Connect, log in, ask, close; an error reply is a failure."""
        try:
            probe = RedisProbe(ProbeOrder(self._check, frozenset(), self._timeout_ms))
            seen = await probe.observe(Trace())
        except ProbeError as error:
            return Outcome(False, error.message)
        except SpecError as error:  # the authorities' file has changed since it was looked at
            return Outcome(False, str(error))
        order.heard.take(1, f"{seen.fields['reply']}\n".encode())
        return Outcome(True, seen.message)


def _last_line(output: str) -> str:
    """The last line that is not blank, which usually says how it ended."""
    return next((line for line in reversed(output.splitlines()) if line.strip()), "")
