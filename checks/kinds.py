"""All kinds of checks, by name. A new kind is a module with a `KIND` and a line here.

The modules import their drivers only when a probe is made, so a kind whose driver is missing
can still be named, validated and explained.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from checks import (
    dns,
    exec,  # noqa: A004  # the kind's name is fixed by the configuration's format
    file,
    heartbeat,
    host,
    http,
    icmp,
    mysql,
    postgres,
    process,
    redis,
    sqlite,
    systemd,
    tcp,
    tls,
)
from checks.probe import Kind

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        module.KIND.name: module.KIND
        for module in (
            http,
            tcp,
            tls,
            dns,
            icmp,
            postgres,
            mysql,
            redis,
            sqlite,
            host,
            process,
            file,
            systemd,
            exec,
            heartbeat,
        )
    }
)
