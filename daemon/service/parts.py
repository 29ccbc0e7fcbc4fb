"""What a configuration turns into before anything runs: probes, access, heartbeat tokens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import checks
from checks.errors import SpecError
from checks.heartbeat import HeartbeatSpec
from checks.spec import CheckSpec
from daemon.api.access import Access
from daemon.config import Config, ConfigError, Problem
from daemon.config.sections import AccessSettings


def prepare_checks(
    config: Config, before: Config | None = None, old: Mapping[str, checks.Prepared] | None = None
) -> dict[str, checks.Prepared]:
    """Every active check of the configuration, ready to run.

    Args:
        before, old: The configuration that runs now and its checks: what did not change is
            kept, with its connections and its memory of the last run.

    Raises:
        ConfigError: A file that a check needs (a certificate) changed for the worse since
            the configuration was read.
    """
    ready: dict[str, checks.Prepared] = {}
    problems: list[Problem] = []
    for name, spec in config.specs.items():
        if checks.KINDS[spec.kind].passive:
            continue
        kept = (old or {}).get(name)
        if kept is not None and before is not None and _same(before, config, name, spec):
            ready[name] = kept
            continue
        try:
            ready[name] = checks.prepare(spec, config.timeouts[name])
        except SpecError as error:
            problems.append(Problem(config.path, None, f'check "{name}"', str(error)))
    if problems:
        raise ConfigError(problems)
    return ready


def _same(before: Config, config: Config, name: str, spec: CheckSpec) -> bool:
    """Whether the check would be prepared to the same; secrets compare by value."""
    return before.specs.get(name) == spec and before.timeouts.get(name) == config.timeouts[name]


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
    plan = config.plan
    return f"{len(plan.checks)} checks of {len(plan.services)} services, socket {socket}"
