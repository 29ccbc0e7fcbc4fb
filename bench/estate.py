"""Generated configurations: so many checks of one kind, as a real estate would hold them.

Every check has one condition; ten checks make a service; one rule with a window looks at
every check; every tenth service has an SLA; failures would go to a log channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from daemon.core.observing.schedule import grain

LOG_CHANNEL = 'kind = "log"'

CheckKind = Literal["http", "https", "tcp"]


def name_of(number: int) -> str:
    """The name of a check, which is also its path at the target."""
    return f"c{number:05}"


def webhook(port: int) -> str:
    """A channel that tells a sink of the bench."""
    return f'kind = "webhook"\nurl = "http://127.0.0.1:{port}/"'


@dataclass(frozen=True)
class Estate:
    """What the daemon is told to watch.

    Attributes:
        every_ms: Each check's interval.
        ports: The targets' ports, used in turn.
        ca: The authority that HTTPS targets are verified against.
        a_service: How many checks make a service.
        channel: The body of the one channel, which is told of everything.
        defaults: Further keys of `[defaults]`, as TOML values.
        workers: Processes that probe beside the daemon; 0 leaves the key out.
        chosen: The names of the checks, where they matter.
    """

    checks: int
    ports: Sequence[int]
    kind: CheckKind = "http"
    every_ms: int = 10_000
    ca: Path | None = None
    a_service: int = 10
    channel: str = LOG_CHANNEL
    defaults: Mapping[str, str] = field(default_factory=dict)
    workers: int = 0
    chosen: Sequence[str] = ()

    @property
    def names(self) -> Sequence[str]:
        """All checks."""
        return self.chosen or [name_of(number) for number in range(self.checks)]

    def service(self, number: int) -> str:
        """The service of the check with this number."""
        return f"s{number // self.a_service:04}"

    @cached_property
    def _grain_ms(self) -> int:
        return grain([self.every_ms] * self.checks)

    def url(self, number: int, name: str) -> str:
        """Where a check looks; the target knows the check and its slots from it."""
        scheme = "https" if self.kind == "https" else "http"
        port = self.ports[number % len(self.ports)]
        return f"{scheme}://127.0.0.1:{port}/{name}?slots={self.every_ms},{self._grain_ms}"

    def configuration(self, home: Path) -> str:
        """The file, for a daemon that lives in `home`."""
        return "\n".join((*self._top(home), *self._services(), *self._checks()))

    def _top(self, home: Path) -> Iterator[str]:
        yield f'[daemon]\nsocket = "{home}/tocsin.sock"\ndatabase = "{home}/tocsin.db"'
        if self.workers:
            yield f"workers = {self.workers}"
        yield "[defaults]"
        timeout_ms = min(5_000, self.every_ms)
        spans = {"every": f'"{self.every_ms}ms"', "timeout": f'"{timeout_ms}ms"'}
        yield from (f"{key} = {value}" for key, value in (spans | dict(self.defaults)).items())
        yield f"""\
[context.shop]
severity = {{ down = "critical", degraded = "medium" }}
[channel.console]
{self.channel}
[policy.on-duty]
[[policy.on-duty.level]]
after = "0s"
notify = ["channel:console"]
[[route]]
policy = "on-duty"
group_by = ["service"]
[[rule]]
name = "slow"
select = ['kind="{"tcp" if self.kind == "tcp" else "http"}"']
when = "avg('latency_ms', '1m') > 2000.0"
for = "1m"
severity = "medium\""""

    def _services(self) -> Iterator[str]:
        for number in range((self.checks + self.a_service - 1) // self.a_service):
            yield f'[[service]]\nname = "s{number:04}"\ncontext = "shop"'
            if number % 10 == 0:
                yield f'[[sla]]\nname = "a{number:04}"\nservice = "s{number:04}"\ntarget = 99.9'

    def _checks(self) -> Iterator[str]:
        for number, name in enumerate(self.names):
            yield f'[[check]]\nname = "{name}"\nservice = "{self.service(number)}"'
            if self.kind == "tcp":
                port = self.ports[number % len(self.ports)]
                yield f'kind = "tcp"\nhost = "127.0.0.1"\nport = {port}'
                continue
            yield f'kind = "http"\nurl = "{self.url(number, name)}"\nexpect = ["status == 200"]'
            if self.ca is not None:
                yield f'tls = {{ ca = "{self.ca}" }}'
