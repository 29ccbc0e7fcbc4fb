"""Generated configurations: so many checks of one kind, as a real estate would hold them.

Every check has one condition; ten checks make a service; one rule with a window looks at
every check; every tenth service has an SLA; failures would go to a log channel.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Estate:
    """What the daemon is told to watch.

    Attributes:
        every_ms: Each check's interval.
        ports: The targets' ports, used in turn.
    """

    checks: int
    ports: Sequence[int]
    kind: Literal["http", "tcp"] = "http"
    every_ms: int = 10_000

    def configuration(self, home: Path) -> str:
        """The file, for a daemon that lives in `home`."""
        return "\n".join((*self._top(home), *self._services(), *self._checks()))

    def _top(self, home: Path) -> Iterator[str]:
        yield f"""\
[daemon]
socket = "{home}/tocsin.sock"
database = "{home}/tocsin.db"
[defaults]
every = "{self.every_ms}ms"
timeout = "5s"
[context.shop]
severity = {{ down = "critical", degraded = "medium" }}
[channel.console]
kind = "log"
[policy.on-duty]
[[policy.on-duty.level]]
after = "0s"
notify = ["channel:console"]
[[route]]
policy = "on-duty"
group_by = ["service"]
[[rule]]
name = "slow"
select = ['kind="{self.kind}"']
when = "avg('latency_ms', '1m') > 2000.0"
for = "1m"
severity = "medium\""""

    def _services(self) -> Iterator[str]:
        for number in range((self.checks + 9) // 10):
            yield f'[[service]]\nname = "s{number:04}"\ncontext = "shop"'
            if number % 10 == 0:
                yield f'[[sla]]\nname = "a{number:04}"\nservice = "s{number:04}"\ntarget = 99.9'

    def _checks(self) -> Iterator[str]:
        for number in range(self.checks):
            name, port = f"c{number:05}", self.ports[number % len(self.ports)]
            yield f'[[check]]\nname = "{name}"\nservice = "s{number // 10:04}"'
            if self.kind == "http":
                yield f'kind = "http"\nurl = "http://127.0.0.1:{port}/{name}?every={self.every_ms}"'
                yield 'expect = ["status == 200"]'
            else:
                yield f'kind = "tcp"\nhost = "127.0.0.1"\nport = {port}'
