"""`[[sla]]`: what was promised of a service, or of several together.

What is wrong between its keys is said here, what is wrong between it and other sections by
`check_slas`, when all of them are seen; `sla_plan` makes what the core understands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from checks.spec import Duration, Name, Strict
from daemon.config.lines import KeyPath
from daemon.config.problems import did_you_mean
from daemon.config.words import Interval, MatcherText, SeverityField, Weight, Zone
from daemon.core.labels import match_all, parse_matcher
from daemon.core.model import DAY, MINUTE
from daemon.core.plan import (
    BurnPlan,
    CreditPlan,
    MetricFunction,
    MetricPlan,
    ServicePlan,
    SlaKind,
    SlaPlan,
    UnknownTime,
)
from daemon.core.sla.burning import longest, reachable, usual

if TYPE_CHECKING:
    from daemon.config.cross import References

MetricsOf = Callable[[Iterable[str]], Collection[str] | None]

_CALENDAR: Final = frozenset({"month", "quarter", "year"})
_DAYS: Final = re.compile(r"([1-9]\d{0,3})d")
_MOST_DAYS: Final = 3_660


def _period(value: object) -> object:
    if isinstance(value, str) and (
        value in _CALENDAR or ((days := _DAYS.fullmatch(value)) and int(days[1]) <= _MOST_DAYS)
    ):
        return value
    raise ValueError(f'{value!r} is no period; use "month", "quarter", "year" or days like "30d"')


def _below_all(target: Decimal) -> Decimal:
    if not 0 < target < 100:
        raise ValueError("must lie between 0 and 100, both excluded; 99.9 is usual")
    return target


def _share(percent: Decimal) -> Decimal:
    if not 0 < percent <= 100:
        raise ValueError("must lie above 0 and not above 100")
    return percent


def _whole_minutes(window: int) -> int:
    if window % MINUTE or not window:
        raise ValueError('must be whole minutes, like "5m"')
    return window


Percent = Annotated[Decimal, AfterValidator(_below_all), WithJsonSchema({"type": "number"})]
Share = Annotated[Decimal, AfterValidator(_share), WithJsonSchema({"type": "number"})]
Rate = Annotated[Decimal, Field(gt=0, le=1_000_000), WithJsonSchema({"type": "number"})]


class CreditSettings(Strict):
    """One of `credits`: below so many percent, so many percent of the fee are given back."""

    below: Share
    percent: Share


class BurnSettings(Strict):
    """`[[sla.burn]]`: alert while the budget burns at least `rate` times faster than evenly,
    over the `long` window, with `min_events` runs in it, and still over the `short` one."""

    rate: Rate
    long: Interval
    short: Interval
    severity: SeverityField
    min_events: Annotated[int, Field(ge=0, le=1_000_000)] = 0

    @model_validator(mode="after")
    def _is_shorter(self) -> Self:
        if self.short >= self.long:
            raise ValueError("short must be shorter than long; a twelfth of it is usual")
        return self


class MetricSettings(Strict):
    """An SLA's `metric`: in every window what `function` makes of it lies within the bounds.

    Attributes:
        name: The metric, or `latency_ms`.
        of: What a `ratio` divides its sum by.
        window: Whole minutes.
    """

    name: Annotated[str, Field(min_length=1, max_length=200)]
    function: Literal["avg", "percentile", "count", "ratio"] = "avg"
    of: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    percentile: Annotated[int, Field(ge=1, le=100)] | None = None
    window: Annotated[Duration, Field(le=DAY), AfterValidator(_whole_minutes)] = MINUTE
    at_most: Annotated[float, Field(allow_inf_nan=False)] | None = None
    at_least: Annotated[float, Field(allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _says_all(self) -> Self:
        if (self.function == "ratio") != (self.of is not None):
            raise ValueError('of belongs to function = "ratio", which needs it')
        if (self.function == "percentile") != (self.percentile is not None):
            raise ValueError('percentile belongs to function = "percentile", which needs it')
        if self.at_most is None and self.at_least is None:
            raise ValueError("give at_most or at_least: where it should be")
        return self


class SlaSettings(Strict):
    """`[[sla]]`: an objective.

    Attributes:
        service: Whose; or
        services: whose together; or
        match: of all services whose labels these matchers match; or
        organization: of all services of this organisation.
        quorum: Of several services: up while this many are; None for all.
        kind: What is promised: that it is up, or of its runs that they are fast enough (`under`)
            or do not fail, or where a metric is (`metric`).
        target: Percent, exactly as written.
        period: A calendar `month`, `quarter` or `year`, or the last days, `30d`.
        timezone: Whose calendar; None for `[daemon] timezone`.
        degraded: What a degraded moment counts as.
        unknown: What time counts as in which nothing was measured.
        warning, critical: Below these it is close to its target.
        credits: What is given back below which value.
        burn_alerts: Alert when the budget burns too fast, by the usual windows; or
        burn: by these.
    """

    name: Name
    service: Name | None = None
    services: tuple[Name, ...] = ()
    match: tuple[MatcherText, ...] = ()
    organization: Name | None = None
    quorum: Annotated[int, Field(ge=1)] | None = None
    kind: Literal["availability", "latency", "error_rate", "metric"] = "availability"
    under: Annotated[Duration, Field(ge=1)] | None = None
    metric: MetricSettings | None = None
    target: Percent
    period: Annotated[str, BeforeValidator(_period)] = "month"
    timezone: Zone | None = None
    degraded: Weight = Decimal(1)
    unknown: Literal["exclude", "down", "up"] = "exclude"
    warning: Share | None = None
    critical: Share | None = None
    credits: Annotated[tuple[CreditSettings, ...], Field(max_length=20)] = ()
    burn_alerts: bool = False
    burn: Annotated[tuple[BurnSettings, ...], Field(max_length=10)] = ()

    @model_validator(mode="after")
    def _is_about_something(self) -> Self:
        if sum(map(bool, (self.service, self.services, self.match, self.organization))) != 1:
            raise ValueError("give one of service, services, match or organization: whose it is")
        if len(set(self.services)) != len(self.services):
            raise ValueError("services names a service twice; leave one out")
        if self.service is not None and self.quorum is not None:
            raise ValueError("quorum is about several services; a service has its own")
        return self

    @model_validator(mode="after")
    def _says_how_fast(self) -> Self:
        if (self.kind == "latency") != (self.under is not None):
            raise ValueError('under belongs to kind = "latency", which needs it: under = "300ms"')
        if (self.kind == "metric") != (self.metric is not None):
            raise ValueError('metric belongs to kind = "metric", which needs it')
        if self.kind != "availability" and self.quorum is not None:
            raise ValueError("quorum is about services that are up; this counts their runs")
        return self

    @model_validator(mode="after")
    def _warns_before_it_is_missed(self) -> Self:
        known = [one for one in (self.warning, self.critical, self.target) if one is not None]
        if any(milder < worse for milder, worse in pairwise(known)):
            raise ValueError("warning must not be below critical, nor either below target")
        return self

    @model_validator(mode="after")
    def _gives_back_more_for_less(self) -> Self:
        tiers = sorted(self.credits, key=lambda tier: -tier.below)
        for milder, worse in pairwise(tiers):
            if worse.below == milder.below:
                raise ValueError(f"credits say twice what is given back below {worse.below}")
            if worse.percent <= milder.percent:
                raise ValueError(
                    f"credits give back less below {worse.below} than below {milder.below};"
                    " a lower value must give back more"
                )
        return self

    @model_validator(mode="after")
    def _can_burn_so_fast(self) -> Self:
        if self.burn_alerts and self.burn:
            raise ValueError("give either burn_alerts = true, for the usual windows, or burn")
        most = reachable(self.target)
        for one in burn_plans(self):
            if one.rate > most:
                raise ValueError(
                    f"a burn rate of {one.rate} cannot be reached with a target of {self.target}:"
                    f" when everything fails it is {most:.2f}; give [[sla.burn]] with lower rates"
                )
            if one.long > longest(_span(self.period)):
                raise ValueError("a burn window is longer than the period; shorten its long")
        return self


def _span(period: str) -> str | int:
    """A calendar period's word, or milliseconds."""
    return period if period in _CALENDAR else int(period.removesuffix("d")) * DAY


def burn_plans(sla: SlaSettings) -> tuple[BurnPlan, ...]:
    """The windows that alert: its own, the usual ones, or none."""
    if sla.burn_alerts:
        return usual(_span(sla.period))
    return tuple(
        BurnPlan(one.rate, one.long, one.short, one.severity, one.min_events) for one in sla.burn
    )


def check_slas(
    refs: References, services: Mapping[str, ServicePlan], metrics_of: MetricsOf
) -> None:
    """Every service that an objective names exists, and it is about one at least.

    Args:
        services: All there are, as the plan will have them.
        metrics_of: The metrics that checks of these kinds can have; None if not known.
    """
    for sla in refs.settings.slas.values():
        path = refs.settings.known("sla")[sla.name]
        if sla.service is not None:
            refs.refer((*path, "service"), "service", sla.service)
        known = [
            refs.refer((*path, "services", position), "service", name)
            for position, name in enumerate(sla.services)
        ]
        if not all(known) or refs.document.unread:
            continue
        found = _several(sla, services)
        if sla.metric is not None:
            members = found or ((sla.service,) if sla.service is not None else ())
            own = [check for name in members if name in services for check in services[name].checks]
            kinds = {refs.settings.checks[n].kind for n in own if n in refs.settings.checks}
            _check_metric(refs, path, sla.metric, metrics_of(kinds))
        if sla.service is None and not found:
            key = "match" if sla.match else "organization"
            refs.document.problem((*path, key), "there is no such service", "change it")
        elif sla.quorum is not None and sla.quorum > len(found):
            message = f"{sla.quorum} services cannot be up: it is about {len(found)}"
            refs.document.problem((*path, "quorum"), message, "lower it")


def _check_metric(
    refs: References, path: KeyPath, metric: MetricSettings, known: Collection[str] | None
) -> None:
    """The metrics are such as a check of the services can have."""
    for key, name in (("name", metric.name), ("of", metric.of)):
        if known is not None and name not in {None, "latency_ms"} and name not in known:
            message = f'no check of it has a metric "{name}"'
            hint = did_you_mean(str(name), known, what="metrics")
            refs.document.problem((*path, "metric", key), message, hint)


def _several(sla: SlaSettings, services: Mapping[str, ServicePlan]) -> tuple[str, ...]:
    """The services of an objective that is not about one alone."""
    if sla.organization is not None:
        own = (name for name, one in services.items() if one.organization == sla.organization)
        return tuple(own)
    if sla.match:
        matchers = [parse_matcher(text) for text in sla.match]
        return tuple(n for n, one in services.items() if match_all(matchers, _labels(one)))
    return sla.services


def _labels(service: ServicePlan) -> dict[str, str]:
    """A service's labels, with those that Tocsin sets."""
    own = {
        "service": service.name,
        "context": service.context,
        "organization": service.organization,
        "owner": service.owner,
    }
    return {**service.labels, **{name: value for name, value in own.items() if value is not None}}


def sla_plan(sla: SlaSettings, timezone: str, services: Mapping[str, ServicePlan]) -> SlaPlan:
    """The objective as the core sees it.

    Args:
        timezone: That of the daemon, for an objective without one.
    """
    several = () if sla.service is not None else _several(sla, services)
    return SlaPlan(
        name=sla.name,
        service=sla.service or sla.organization or sla.name,
        target=sla.target,
        period=_span(sla.period),
        timezone=sla.timezone or timezone,
        degraded_weight=sla.degraded,
        unknown=UnknownTime(sla.unknown),
        services=several,
        quorum=sla.quorum,
        warning=sla.warning,
        critical=sla.critical,
        credits=tuple(CreditPlan(one.below, one.percent) for one in sla.credits),
        burns=burn_plans(sla),
        kind=SlaKind(sla.kind),
        under=sla.under,
        metric=None if sla.metric is None else _metric(sla.metric),
        labels=MappingProxyType(_carried(sla, [services[name] for name in several], services)),
    )


def _metric(metric: MetricSettings) -> MetricPlan:
    return MetricPlan(
        metric.name,
        MetricFunction(metric.function),
        metric.window,
        metric.of,
        metric.percentile,
        metric.at_most,
        metric.at_least,
    )


def _carried(
    sla: SlaSettings, several: Iterable[ServicePlan], services: Mapping[str, ServicePlan]
) -> dict[str, str]:
    """What its alerts carry: what is true of all of its services."""
    if sla.service is not None:
        return _labels(services[sla.service])
    shared = [set(_labels(one).items()) for one in several]
    return dict(sorted(set.intersection(*shared))) if shared else {}
