"""What only shows when all sections are seen together: names that lead nowhere, circles,
times that contradict each other.

The third stage of loading; it also asks `checks` and the core whether conditions compile.
Everything found goes to the document's problems. Where a file could not be read, names it
may have defined are not called missing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import checks
from checks.durations import format_duration
from checks.spec import CheckSpec
from daemon.config.build_checks import effective, labels, service_plans, timeout_ms
from daemon.config.conditions import check_conditions, check_rule, metrics_of
from daemon.config.contacts import check_channels, check_persons
from daemon.config.cycles import cycles
from daemon.config.duty import NO_POLICY, PolicySettings, RouteSettings
from daemon.config.intervals import check_intervals
from daemon.config.lines import KeyPath
from daemon.config.maintenance import check_maintenance
from daemon.config.objectives import check_slas
from daemon.config.oncall import check_duty
from daemon.config.problems import did_you_mean
from daemon.config.reporting import check_reports
from daemon.config.responses import check_responses
from daemon.config.sections import RuleSettings
from daemon.config.sources import Document
from daemon.config.validate import Settings
from daemon.config.words import own_labels_problem
from daemon.core.labels import MatchOp, match_all, parse_matcher


@dataclass(frozen=True, slots=True)
class References:
    """The names there are, and the complaint about one that is not."""

    document: Document
    settings: Settings
    _names: dict[str, set[str]] = field(default_factory=dict)

    def refer(self, path: KeyPath, section: str, name: str) -> bool:
        """Whether `name` is one of `section`; if not, that is a problem at `path`."""
        known = self.names(section)
        if name in known:
            return True
        if not self.document.unread:
            plural = "policies" if section == "policy" else f"{section}s"
            hint = did_you_mean(name, known, what=plural)
            self.document.problem(path, f'there is no {section} "{name}"', hint)
        return False

    def names(self, section: str) -> set[str]:
        """The names of a section; for services with those that checks imply."""
        found = self._names.get(section)
        if found is None:
            found = set(self.settings.known(section))
            if section == "service":
                found |= implied_services(self.settings)
            self._names[section] = found
        return found

    def target(self, path: KeyPath, target: str) -> None:
        """Check one `channel:NAME`, `person:`, `team:` or `schedule:`."""
        kind, _, name = target.partition(":")
        if self.refer(path, kind, name) and kind == "channel":
            self.reachable(path, name)

    def reachable(self, path: KeyPath, channel: str) -> None:
        """Refuse to tell a channel itself that only knows how to reach persons."""
        spec = self.settings.channels.get(channel)
        if spec is not None and spec.needs_address:
            hint = f'give [channel.{channel}] a "{spec.recipient_key}", or name a person:'
            self.document.problem(path, f'the channel "{channel}" has nobody of its own', hint)


def implied_services(settings: Settings) -> set[str]:
    """Services that exist because a check without a service belongs to one of its name."""
    elsewhere = {name for name, spec in settings.checks.items() if spec.service not in {None, name}}
    return set(settings.known("check")) - elsewhere


def check(document: Document, settings: Settings) -> dict[str, checks.Prepared]:
    """Note everything that is wrong between sections.

    Returns:
        The enabled checks that nothing was found wrong with, ready to run: that they can be
        made so is a part of what is checked, and it need not be done again.
    """
    refs = References(document, settings)
    ready: dict[str, checks.Prepared] = {}
    for spec in settings.checks.values():
        prepared = _check_spec(refs, settings.known("check")[spec.name], spec)
        if prepared is not None:
            ready[spec.name] = prepared
    _check_services(refs)
    _check_contexts(refs)
    carried = labels(settings) if settings.rules else {}
    for rule in settings.rules.values():
        _check_rule(refs, settings.known("rule")[rule.name], rule, carried)
    for position, route in enumerate(settings.routes):
        _check_route(refs, settings.known("route")[str(position)], route)
    for name, policy in settings.policies.items():
        _check_policy(refs, settings.known("policy")[name], policy)
    planned = service_plans(settings, settings.checks) if settings.slas else {}
    check_slas(refs, planned, metrics_of)
    check_channels(refs)
    check_persons(refs)
    check_duty(refs)
    check_maintenance(refs)
    check_responses(refs)
    check_reports(refs)
    _check_uplink(refs)
    _check_tokens(refs)
    _check_cycles(refs)
    _check_access(refs)
    return ready


def _check_spec(refs: References, path: KeyPath, spec: CheckSpec) -> checks.Prepared | None:
    if spec.service is not None:
        refs.refer((*path, "service"), "service", spec.service)
    if spec.labels and (wrong := own_labels_problem(spec.labels)) is not None:
        refs.document.problem((*path, "labels"), wrong)
    for place, name in _parents(path, spec.depends_on):
        _refer_check(refs, place, name)
    _check_times(refs, path, spec)
    completed = effective(refs.settings, spec)
    return check_conditions(refs.document, path, completed, timeout_ms(refs.settings, completed))


def _refer_check(refs: References, path: KeyPath, name: str) -> None:
    if name not in refs.names("check") and name in refs.names("service"):
        hint = "a service depends on services, a check on checks"
        refs.document.problem(path, f'"{name}" is a service, not a check', hint)
    else:
        refs.refer(path, "check", name)


def _parents(
    path: KeyPath, groups: tuple[str | tuple[str, ...], ...]
) -> Iterator[tuple[KeyPath, str]]:
    """Each name in `depends_on`, with its place."""
    for position, group in enumerate(groups):
        if isinstance(group, str):
            yield (*path, "depends_on", position), group
        else:
            for inner, name in enumerate(group):
                yield (*path, "depends_on", position, inner), name


def _check_times(refs: References, path: KeyPath, spec: CheckSpec) -> None:
    """Refuse times of one check that contradict each other.

    Only times that stand at the check itself: a default that is too long for a fast check
    is shortened to its interval (see `daemon.config.build_checks`).
    """
    every = spec.every if spec.every is not None else refs.settings.defaults.every
    for key, span in (("every", spec.every), ("every_down", spec.every_down)):
        if span is not None and span < 10:
            refs.document.problem((*path, key), 'must be at least "10ms"')
    for key, span in (("timeout", spec.timeout), ("retry_every", spec.retry_every)):
        if span is None:
            continue
        if span < 1:
            refs.document.problem((*path, key), "must be more than 0")
        elif span > every:
            message = f"is longer than the check's interval, {format_duration(every)}"
            refs.document.problem((*path, key), message, "shorten it, or raise every")


def _check_services(refs: References) -> None:
    settings = refs.settings
    owned = Counter(one.service or one.name for one in settings.checks.values())
    for service in settings.services.values():
        path = settings.known("service")[service.name]
        if service.context is not None:
            refs.refer((*path, "context"), "context", service.context)
        for place, name in _parents(path, service.depends_on):
            if name in refs.names("check") and name not in refs.names("service"):
                message = f'"{name}" is a check, not a service'
                hint = "a service depends on services, a check on checks"
                refs.document.problem(place, message, hint)
            else:
                refs.refer(place, "service", name)
        own = owned[service.name]
        if service.quorum is not None and service.quorum > own and not refs.document.unread:
            message = f"asks for {service.quorum} good checks, but the service has {own}"
            refs.document.problem((*path, "quorum"), message, "lower it or add checks")


def _check_contexts(refs: References) -> None:
    settings = refs.settings
    for word, targets in settings.severities.items():
        if targets.mtta is not None and targets.mttr is not None and targets.mttr < targets.mtta:
            path: KeyPath = ("severity", word, "mttr")
            message = "is shorter than mtta: nothing is mended before it is taken"
            refs.document.problem(path, message, "swap or change the two")
    defaults = settings.defaults
    if 0 < defaults.flap_start <= defaults.flap_stop:
        message = f"must be less than flap_start, {defaults.flap_start:g}"
        refs.document.problem(("defaults", "flap_stop"), message, "the usual pair is 20.0 and 5.0")
    for key, span in (("timeout", defaults.timeout), ("retry_every", defaults.retry_every)):
        written = refs.document.data.get("defaults")
        if isinstance(written, dict) and key in written and span > defaults.every:
            message = f"is longer than every, {format_duration(defaults.every)}"
            refs.document.problem(("defaults", key), message, "shorten it, or raise every")


def _check_rule(
    refs: References, path: KeyPath, rule: RuleSettings, carried: Mapping[str, dict[str, str]]
) -> None:
    check_rule(refs.document, path, rule, _metrics(refs, rule, carried))
    for position, text in enumerate(rule.select):
        matcher = parse_matcher(text)
        if matcher.op is not MatchOp.EQUAL or not matcher.value:
            continue
        if matcher.name in {"check", "service", "context"}:
            refs.refer((*path, "select", position), matcher.name, matcher.value)


def _metrics(
    refs: References, rule: RuleSettings, carried: Mapping[str, dict[str, str]]
) -> Collection[str] | None:
    """The metrics that the rule can name; None while a check it may select is not known."""
    all_checks = refs.settings.checks
    if refs.document.unread or len(all_checks) < len(refs.settings.known("check")):
        return None
    matchers = [parse_matcher(text) for text in rule.select]
    selected = (name for name, own in carried.items() if match_all(matchers, own))
    return metrics_of(all_checks[name].kind for name in selected)


def _check_route(refs: References, path: KeyPath, route: RouteSettings) -> None:
    for position, channel in enumerate(route.channels or ()):
        place = (*path, "channels", position)
        if refs.refer(place, "channel", channel):
            refs.reachable(place, channel)
    if route.policy is not None and route.policy != NO_POLICY:
        refs.refer((*path, "policy"), "policy", route.policy)
    check_intervals(refs, path, route)
    for position, child in enumerate(route.route):
        _check_route(refs, (*path, "route", position), child)


def _check_policy(refs: References, path: KeyPath, policy: PolicySettings) -> None:
    before = -1
    for position, level in enumerate(policy.level):
        place = (*path, "level", position)
        if level.after <= before:
            message = f"must be later than the level before, {format_duration(before)}"
            refs.document.problem((*place, "after"), message, "levels stand in order of time")
        before = max(before, level.after)
        for inner, target in enumerate(level.notify):
            refs.target((*place, "notify", inner), target)
        for inner, name in enumerate(level.only_in):
            refs.refer((*place, "only_in", inner), "time_interval", name)
        if level.round_robin and len(level.notify) == 1 and not level.notify[0].startswith("team:"):
            message = f"there is nobody to take turns with {level.notify[0]}"
            hint = "name two or more in notify, or a team, whose members then take turns"
            refs.document.problem((*place, "round_robin"), message, hint)
    for position, target in enumerate(policy.then):
        refs.target((*path, "then", position), target)


def _check_uplink(refs: References) -> None:
    uplink = refs.settings.uplink
    for position, name in enumerate(uplink.checks if uplink is not None else ()):
        path: KeyPath = ("uplink", "checks", position)
        refs.refer(path, "check", name)
        spec = refs.settings.checks.get(name)
        if spec is not None and not spec.enabled:
            refs.document.problem(path, f'the check "{name}" is not enabled', "enable it")
        elif spec is not None and spec.kind in {"heartbeat", "host"}:
            message = f'a {spec.kind} check like "{name}" says nothing of the line'
            refs.document.problem(path, message, "name checks that reach out: http, tcp, ...")


def _check_tokens(refs: References) -> None:
    """Refuse two heartbeats that a ping could not tell apart; tokens are never repeated."""
    seen: dict[str, str] = {}
    for name, spec in refs.settings.checks.items():
        if not checks.KINDS[spec.kind].passive:
            continue
        token = getattr(spec, "token", None)
        word = token.get_secret_value() if token is not None else name
        if word in seen:
            path = (*refs.settings.known("check")[name], "token")
            message = f'the check "{seen[word]}" is pinged with the same token'
            refs.document.problem(path, message, "give each its own")
        seen.setdefault(word, name)


def _check_cycles(refs: References) -> None:
    settings = refs.settings
    graphs: tuple[tuple[str, Iterable[tuple[str, tuple[str | tuple[str, ...], ...]]]], ...] = (
        ("service", ((one.name, one.depends_on) for one in settings.services.values())),
        ("check", ((one.name, one.depends_on) for one in settings.checks.values())),
    )
    for section, members in graphs:
        graph = {
            name: [parent for _, parent in _parents((), groups)]
            for name, groups in members
            if groups
        }
        for circle in cycles(graph):
            path = (*settings.known(section)[circle[0]], "depends_on")
            written = " -> ".join((*circle, circle[0]))
            message = f"the {section}s depend on each other in a circle: {written}"
            refs.document.problem(path, message, "take one of these out")


def _check_access(refs: References) -> None:
    access = refs.settings.access
    roles: Mapping[str, tuple[str, ...]] = {
        "viewer": access.viewer, "operator": access.operator, "admin": access.admin,
    }  # fmt: skip
    for role, members in roles.items():
        for position, member in enumerate(members):
            kind, colon, name = member.partition(":")
            if colon and (kind != "group" or not name):
                hint = 'write a user\'s name, or "group:NAME"'
                place: KeyPath = ("access", role, position)
                refs.document.problem(place, f'"{member}" is neither a user nor a group', hint)
