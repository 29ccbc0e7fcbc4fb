"""Records to store: plain ones for examples, random ones for properties."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import strategies as st

from checks.result import Fault, Result, Status
from daemon.core.chronicle import Audit, Entry, EntryKind, Notice, NoticeType
from daemon.core.labels import Matcher, MatchOp
from daemon.core.model import (
    Actor,
    Alert,
    AlertState,
    CheckState,
    Escalation,
    Group,
    Handover,
    Incident,
    IncidentState,
    Later,
    Level,
    Mute,
    MuteKind,
    Override,
    Promotion,
    ResponseRun,
    ResponseState,
    RunState,
    ServiceState,
    Silence,
    Storm,
    Terms,
    Told,
    Turnabout,
)
from daemon.core.severity import Severity

NOW = 1_795_000_000_000
"""A moment in November 2026."""

ANA = Actor("ana", "unix uid 1000")


def an_alert(key: str = "00000000000000aa", **changes: object) -> Alert:
    values: dict[str, object] = {
        "key": key,
        "source": "check:web",
        "name": "web down",
        "labels": {"check": "web"},
        "state": AlertState.FIRING,
        "fired_at": NOW,
    }
    return Alert(**{**values, **changes})  # type: ignore[arg-type]  # tests name fields freely


def an_incident(key: str = "inc-1", **changes: object) -> Incident:
    values: dict[str, object] = {
        "key": key,
        "group": "{}:{}",
        "state": IncidentState.TRIGGERED,
        "severity": Severity.CRITICAL,
        "title": "web is down",
        "summary": "connection refused",
        "fired_at": NOW,
        "service": "shop",
    }
    return Incident(**{**values, **changes})  # type: ignore[arg-type]  # tests name fields freely


def a_notice(key: str = "n-1", incident: str = "inc-1", at: int = NOW) -> Notice:
    return Notice(
        key=key,
        type=NoticeType.FIRING,
        channel="mail",
        recipient="ana",
        address="ana@example.org",
        at=at,
        reason="first notification",
        incident=an_incident(incident),
        alerts=(an_alert(),),
    )


def an_entry(incident: str = "inc-1", text: str = "web down") -> Entry:
    return Entry(incident, NOW, EntryKind.FIRED, ANA, text)


def an_audit(detail: str = "on it") -> Audit:
    return Audit(NOW, ANA, "acknowledge", "inc-1", detail)


def a_result(at: int = NOW, status: Status = Status.UP, check: str = "web") -> Result:
    failed = status is Status.DOWN
    return Result(
        check,
        at,
        status,
        latency_ms=None if failed else 12.345,
        message="connection refused" if failed else "200 in 12 ms",
        fault=Fault.REFUSED if failed else None,
    )


words = st.text(st.characters(codec="utf-8"), max_size=12)
instants = st.integers(0, 2**53)
maybe = st.none() | instants
severities = st.sampled_from(Severity)
labels = st.dictionaries(words, words, max_size=3)
mutes = st.lists(st.builds(Mute, st.sampled_from(MuteKind), words, words, maybe), max_size=2).map(
    tuple
)
terms = st.builds(
    Terms,
    since=maybe,
    for_=instants,
    promote=st.lists(st.builds(Promotion, instants, severities), max_size=2).map(tuple),
)
alerts = st.builds(
    Alert,
    key=words,
    source=words,
    name=words,
    labels=labels,
    annotations=labels,
    state=st.sampled_from(AlertState),
    severity=severities,
    effective=severities,
    holds=st.none() | st.booleans(),
    fired_at=maybe,
    muted=mutes,
    terms=terms,
)
escalations = st.builds(
    Escalation,
    policy=words,
    levels=st.lists(
        st.builds(Level, instants, st.lists(words, max_size=2).map(tuple), maybe), max_size=3
    ).map(tuple),
    next_at=maybe,
    picks=st.just(((0, "person:ana"),)),
)
told = st.lists(
    st.builds(Told, words, words, instants, st.just(("a", "b")), severities), max_size=2
).map(tuple)
incidents = st.builds(
    Incident,
    key=words,
    group=words,
    state=st.sampled_from(IncidentState),
    severity=severities,
    title=words,
    summary=words,
    fired_at=instants,
    escalation=st.none() | escalations,
    told=told,
    muted=mutes,
    revenue_per_hour=st.none() | st.decimals(0, 10**9, places=2).map(Decimal),
    acknowledged_at=maybe,
    assigned_to=st.none() | words,
    contacts=st.lists(
        st.builds(Later, words, words, words, instants, maybe, instants, st.none() | st.just(0)),
        max_size=2,
    ).map(tuple),
)
matchers = st.builds(
    Matcher, st.just("service"), st.sampled_from(MatchOp), st.sampled_from(["a.*", "b", ""])
)
silences = st.builds(
    Silence,
    key=words,
    matchers=st.lists(matchers, max_size=3).map(tuple),
    starts_at=instants,
    ends_at=instants,
    created_by=words,
    comment=words,
    updated_at=instants,
)
check_states = st.builds(
    CheckState,
    key=words,
    status=st.sampled_from(Status),
    since=maybe,
    hard=st.booleans(),
    cause=st.none() | words,
    flap_window=st.integers(0, 2**20),
)
service_states = st.builds(ServiceState, key=words, status=st.sampled_from(Status), since=maybe)
storms = st.builds(
    Storm,
    key=words,
    rule=words,
    equal=st.lists(words, max_size=2).map(tuple),
    lead=words,
    incident=st.none() | words,
    began_at=instants,
    last_at=instants,
    worst=severities,
    quiet_until=instants,
)
groups = st.builds(
    Group,
    key=words,
    route=words,
    labels=labels,
    incident=words,
    owner=st.booleans(),
    alerts=st.lists(words, max_size=3).map(tuple),
    opened_at=instants,
    flush_at=maybe,
    told=told,
)
named = st.lists(words, max_size=2).map(tuple)
overrides = st.builds(
    Override,
    key=words,
    schedule=words,
    start=instants,
    end=instants,
    persons=named,
    created_by=words,
    made_at=instants,
    replaces=st.none() | words,
    swap=st.booleans(),
)
duties = st.builds(Turnabout, words, words) | st.builds(Handover, words, named) | overrides
response_runs = st.builds(
    ResponseRun,
    key=words,
    response=words,
    incident=words,
    group=words,
    state=st.sampled_from(RunState),
    trigger=words,
    action=words,
    decided_at=instants,
    asked_by=st.just(ANA),
    judge_at=maybe,
    exit_code=st.none() | st.integers(-64, 255),
)
response_states = st.builds(
    ResponseState, key=words, known_at=instants, recent=st.just((1, 2)), stopped_at=maybe
)
records = st.one_of(
    response_runs,
    response_states,
    duties,
    alerts,
    incidents,
    silences,
    check_states,
    service_states,
    groups,
    storms,
)
