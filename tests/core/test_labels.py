"""Fingerprints are Alertmanager's; matchers mean what its matchers mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.labels import (
    Matcher,
    MatchOp,
    fingerprint,
    match_all,
    parse_matcher,
    severity_matcher,
)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (
            {"alertname": "CheckFailing", "service": "checkout", "check": "checkout-http"},
            "8571ccf1156b8062",
        ),
        ({"alertname": "Ünïcode", "zone": 'Straße "7"'}, "c853012af0dec1d8"),
        ({"a": "b"}, "d2b371819297f98a"),
        ({}, "cbf29ce484222325"),
    ],
)
def test_fingerprints_equal_those_that_alertmanager_0_25_answered(
    labels: dict[str, str], expected: str
) -> None:
    assert fingerprint(labels) == expected


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=6))
def test_a_fingerprint_does_not_depend_on_the_order_of_labels(labels: dict[str, str]) -> None:
    assert fingerprint(labels) == fingerprint(dict(reversed(labels.items())))


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("service=checkout", {"service": "checkout"}, True),
        ('service="checkout"', {"service": "checkout"}, True),
        ('service!="checkout"', {"service": "checkout"}, False),
        ('severity=~"emergency|critical"', {"severity": "critical"}, True),
        ('severity=~"critic"', {"severity": "critical"}, False),
        ('severity!~"low|info"', {"severity": "low"}, False),
        ('env=""', {}, True),
        ('env!="prod"', {}, True),
        ('env=~".+"', {}, False),
        (r'note="say \"hi\"\n"', {"note": 'say "hi"\n'}, True),
        ("path=~^/srv/.*$", {"path": "/srv/x"}, True),
        ('text=~"a.b"', {"text": "a\nb"}, False),
    ],
)
def test_a_matcher_holds_as_alertmanager_says(
    text: str, labels: dict[str, str], expected: bool
) -> None:
    assert parse_matcher(text).matches(labels) is expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("checkout", "no matcher"),
        ("=x", "no matcher"),
        ('a="unbalanced', "quotes"),
        ('a=~"("', "regular expression"),
        (r"a=~(?=x)", "regular expression"),
        ("", "no matcher"),
    ],
)
def test_what_is_no_matcher_is_refused_in_words(text: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        parse_matcher(text)


@given(st.sampled_from(MatchOp), st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text())
def test_a_printed_matcher_reads_back_as_itself(op: MatchOp, name: str, value: str) -> None:
    if op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
        value = "".join(character for character in value if character.isalnum())
    matcher = Matcher(name, op, value)
    assert parse_matcher(str(matcher)) == matcher


def test_no_matchers_match_everything() -> None:
    assert match_all((), {"a": "b"})


def test_a_hostile_expression_costs_linear_time() -> None:
    """RE2 does not backtrack: this would take Python's `re` longer than the universe has."""
    assert not parse_matcher('a=~"(x+x+)+y"').matches({"a": "x" * 5_000})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("severity=P1", 'severity="critical"'),
        ("severity!=p0", 'severity!="emergency"'),
        ("severity=warning", 'severity="medium"'),
        ("severity=L3", 'severity="info"'),
        ("severity=High", 'severity="high"'),
        ("severity=critical", 'severity="critical"'),
        ('severity!=""', 'severity!=""'),
        ('severity=~"P1|critical"', 'severity=~"P1|critical"'),
        ("tier=P1", 'tier="P1"'),
    ],
)
def test_a_matcher_on_the_severity_means_the_word_that_alerts_carry(
    written: str, meant: str
) -> None:
    assert str(severity_matcher(parse_matcher(written))) == meant


def test_a_matcher_on_what_is_no_severity_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match='did you mean "critical"'):
        severity_matcher(parse_matcher("severity=critcal"))
    with pytest.raises(ValueError, match="use one of emergency"):
        severity_matcher(parse_matcher("severity!=P7"))
