"""What a configuration turns into before anything runs: probes, access, heartbeat tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import checks
from checks.errors import SpecError
from checks.heartbeat import HeartbeatSpec
from checks.result import Result
from checks.spec import CheckSpec
from daemon.api.access import Access
from daemon.config import Config, ConfigError, Problem, load
from daemon.config.sections import AccessSettings, DaemonSettings
from daemon.core.model import Instant
from daemon.notify.channel import Channel
from daemon.notify.channels import open_channel
from daemon.notify.chart import Charts
from daemon.notify.document import Fetch
from daemon.notify.memory import Memory
from daemon.respond.spec import ActionSpec
from daemon.service.reporting import load_for
from daemon.service.runner import ProbeRunner, Runner


@dataclass(frozen=True, slots=True)
class Parts:
    """All that a configuration turns into: made whole before any of it is used.

    Attributes:
        prepared: Every active check, with those that run already.
        channels: Every channel, opened anew.
    """

    config: Config
    prepared: Mapping[str, checks.Prepared]
    channels: Mapping[str, Channel]
    access: Access
    ping_tokens: Mapping[str, str]


async def remake(
    before: Config,
    old: Mapping[str, checks.Prepared],
    memory: Memory,
    charts: Charts,
    documents: Fetch,
    elsewhere: bool = False,
) -> Parts:
    """Read the configuration again and make everything of it; the running parts are not touched.

    Args:
        before, old: The configuration that runs now and its checks.
        memory, charts, documents: What the channels remember, what draws pictures for them, and
            where files are that they attach.
        elsewhere: As for `prepare_checks`.

    Raises:
        ConfigError: It is bad, or a file it names is. What was made by then is closed again.
    """
    config = await asyncio.to_thread(load, before.path)
    await asyncio.to_thread(load_for, config)
    ready: dict[str, checks.Prepared] = {}
    channels: dict[str, Channel] = {}
    try:
        await asyncio.to_thread(prepare_checks, config, before, old, ready, elsewhere)
        await asyncio.to_thread(open_channels, config, channels, memory, charts, documents)
        return Parts(config, ready, channels, access_of(config.access), ping_tokens(config))
    except BaseException:
        new = [one for name, one in ready.items() if old.get(name) is not one]
        await _close([*new, *channels.values()])
        raise


async def _close(made: Iterable[checks.Prepared | Channel]) -> None:
    for one in made:
        await one.close()


def prepare_checks(
    config: Config,
    before: Config | None = None,
    old: Mapping[str, checks.Prepared] | None = None,
    into: dict[str, checks.Prepared] | None = None,
    elsewhere: bool = False,
) -> dict[str, checks.Prepared]:
    """Every active check of the configuration, ready to run.

    Args:
        before, old: The configuration that runs now and its checks: what did not change is
            kept, with its connections and its memory of the last run.
        into: Filled with them one by one, so that a failure's caller can close what there is.
        elsewhere: They run in worker processes: they are tried here, and little is kept.

    Raises:
        ConfigError: A file that a check needs (a certificate) changed for the worse since
            the configuration was read.
    """
    ready = {} if into is None else into
    problems: list[Problem] = []
    for name, spec in config.specs.items():
        if checks.KINDS[spec.kind].passive:
            continue
        kept = (old or {}).get(name)
        if kept is not None and before is not None and _same(before, config, name, spec):
            ready[name] = kept
            continue
        try:
            made = config.ready.pop(name, None)
            if made is None:
                made = checks.prepare(spec, config.timeouts[name])
            ready[name] = _outline(made) if elsewhere else made
        except SpecError as error:
            problems.append(Problem(config.path, None, f'check "{name}"', str(error)))
    if problems:
        raise ConfigError(problems)
    return ready


def _outline(prepared: checks.Prepared) -> checks.Prepared:
    """A check without what it takes to run it, which is nine tenths of its memory. (A probe
    that never ran has nothing to close.)"""
    return replace(prepared, expect=(), degraded_if=(), probe=None, secrets=())


def open_runner(
    settings: DaemonSettings,
    prepared: Mapping[str, checks.Prepared],
    now: Callable[[], Instant],
    take: Callable[[Result], None],
    limit: int,
    late: Callable[[float], None],
) -> ProbeRunner:
    """What runs the probes, as `[daemon] workers` says.

    Args:
        prepared: The checks, as `prepare_checks` made them for there.
        now, take: The daemon's time, and where results go.
        limit: How many probes may run at once in this process.
        late: Told how many milliseconds after their orders runs began in a worker.
    """
    if settings.workers == 0:
        return Runner(prepared, now, take, limit)
    from daemon.service.workers.pool import Pool

    return Pool(prepared, now, take, settings.workers, settings.log_level, late)


def open_channels(
    config: Config,
    into: dict[str, Channel] | None = None,
    memory: Memory | None = None,
    charts: Charts | None = None,
    documents: Fetch | None = None,
) -> dict[str, Channel]:
    """Every channel of the configuration. Nothing is connected yet.

    Args:
        into: As for `prepare_checks`.
        memory, charts, documents: As for `remake`.

    Raises:
        ConfigError: A file that a channel needs (authorities, templates) changed for the
            worse since the configuration was read.
    """
    opened = {} if into is None else into
    problems: list[Problem] = []
    zone, url = ZoneInfo(config.daemon.timezone), config.daemon.external_url
    kept = memory or Memory()
    for name, spec in config.channels.items():
        try:
            opened[name] = open_channel(spec, zone, url, kept.of(name), charts, documents)
        except (OSError, ValueError) as error:
            problems.append(Problem(config.path, None, f'channel "{name}"', _words(error)))
    if problems:
        raise ConfigError(problems)
    return opened


def _words(error: OSError | ValueError) -> str:
    """What is the matter; an OSError names its file only where it has one."""
    words = error.strerror if isinstance(error, OSError) else None
    place = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    return f"{place}{words or error}"


def _same(before: Config, config: Config, name: str, spec: CheckSpec) -> bool:
    """Whether the check would be prepared to the same; secrets compare by value."""
    return before.specs.get(name) == spec and before.timeouts.get(name) == config.timeouts[name]


def actions_of(config: Config) -> dict[str, ActionSpec]:
    """What each enabled response does, by its name."""
    return {name: one for name, one in config.settings.responses.items() if one.enabled}


def access_of(settings: AccessSettings) -> Access:
    """`[access]` in the API's form: groups are written `group:NAME` there, `@NAME` here."""

    def names(members: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(
            f"@{member.removeprefix('group:')}" if member.startswith("group:") else member
            for member in members
        )

    return Access(names(settings.admin), names(settings.operator), names(settings.viewer))


def ping_tokens(config: Config) -> dict[str, str]:
    """Each heartbeat's token in its ping's path, and its check."""
    return {
        spec.token.get_secret_value() if spec.token is not None else name: name
        for name, spec in config.specs.items()
        if isinstance(spec, HeartbeatSpec)
    }


def describe(config: Config, socket: Path) -> str:
    """One line for a start: how much is watched, and where the socket is."""
    checks, services = len(config.plan.checks), len(config.plan.services)
    watched = f"{checks} check{'' if checks == 1 else 's'}"
    return f"{watched} of {services} service{'' if services == 1 else 's'}, socket {socket}"
