"""A report's page: the verdict first, short for large estates, and readable by everybody."""

from __future__ import annotations

import re
from itertools import product
from typing import Any, Final

import pytest

from daemon.api.schema import AmendmentView, Budget, Period, SlaView, Violation
from daemon.api.schema.reports import (
    IncidentTotals,
    ObjectiveReport,
    ReportPeriod,
    ReportSummary,
    ReportView,
    ServiceReport,
)
from daemon.api.times import stamp
from daemon.core.model import DAY, HOUR, MINUTE
from daemon.report.article import LISTED, MANY, WINDOWS
from daemon.report.page import page
from daemon.report.style import STYLE
from daemon.report.words import period_words
from tests.report.past import START

SPAN: Final = Period(start=stamp(START), end=stamp(START + 30 * DAY))


def objective(name: str = "checkout", *, met: bool | None = True, **more: Any) -> ObjectiveReport:
    shown = {True: "99.95", False: "99.71", None: None}[met]
    left_ms = -HOUR if met is False else HOUR
    sla = SlaView(
        name=name, service="shop", kind="availability", target=99.9, period=SPAN,
        value=None if shown is None else float(shown), shown=shown, met=met, up_ms=29 * DAY,
        down_ms=HOUR, degraded_ms=0, unknown_ms=0, excluded_ms=0, coverage=100.0, burn_rate=0.0,
        budget=Budget(total_ms=2 * HOUR, left_ms=left_ms), violations=more.pop("violations", []),
        exclusions=more.pop("exclusions", []),
    )  # fmt: skip
    return ObjectiveReport(
        sla=sla, timezone="Europe/Berlin", method="At least 99.90 %.", strip="." * 29 + "#",
        trend=[], outages=1, incidents=1, acknowledged=1, mtta_ms=MINUTE,
        planned=more.pop("planned", []),
    )  # fmt: skip


def service(name: str) -> ServiceReport:
    return ServiceReport(
        name=name, organization=None, value=99.95, shown="99.95", coverage=100.0, up_ms=29 * DAY,
        degraded_ms=0, unknown_ms=0, down_ms=HOUR, excluded_ms=0, outages=1, longest_ms=HOUR,
        mttr_ms=HOUR, mtbf_ms=DAY, incidents=1, acknowledged=1, mtta_ms=MINUTE,
        strip="." * 29 + "#",
    )  # fmt: skip


def report(
    *objectives: ObjectiveReport, services: int = 1, label: str = "2026-11", about: str = "shop"
) -> ReportView:
    met = [one.sla.met for one in objectives]
    return ReportView(
        period=ReportPeriod(label, SPAN.start, SPAN.end, "Europe/Berlin"),
        generated_at=SPAN.end, as_of=SPAN.end, final=True, digest="0" * 64,
        summary=ReportSummary(len(met), met.count(True), met.count(False), met.count(None),
                              services),
        slot="day", method=["Counted."], objectives=list(objectives),
        services=[service(f"service-{number}") for number in range(services)],
        incidents=IncidentTotals(1, 1, 1, {"critical": 1}, MINUTE, HOUR), service=about,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("objectives", "verdict"),
    [
        ([objective()], "✓ The objective was met"),
        ([objective(), objective("b")], "✓ All 2 objectives met"),
        ([objective(), objective("b", met=False)], "✕ 1 of 2 objectives missed"),
        ([objective(), objective("b", met=None)], "? 1 of 2 objectives not measured, 1 met"),
        ([objective(met=None), objective("b", met=None)], "? Nothing was measured"),
        ([], "No objective is configured here"),
    ],
)
def test_the_verdict_stands_before_all_figures(
    objectives: list[ObjectiveReport], verdict: str
) -> None:
    text = page(report(*objectives))
    assert f'<p class="lead">{verdict}</p>' in text
    assert text.index(verdict) < text.index('class="tiles"')


def test_what_was_missed_is_named_with_its_value_and_comes_first() -> None:
    text = page(report(objective("kept"), objective("lost", met=False)))
    assert "<li>lost: 99.71 % of 99.90 % promised</li>" in text
    assert text.index('id="objective-1-title"><span>lost') < text.index("<span>kept")


def test_a_thousand_objectives_make_a_page_of_less_than_three_megabytes() -> None:
    """Those that were missed at length, the others as lines; everything is in it once."""
    missed = [objective(f"lost-{number}", met=False) for number in range(100)]
    kept = [objective(f"kept-{number}") for number in range(900)]
    text = page(report(*kept, *missed, services=1_000))
    assert len(text.encode()) < 3_000_000
    assert text.count("<article ") == 100
    assert all(text.count(f">{one.sla.name}<") == 1 for one in kept)
    assert '<a href="#kept">Objectives that were met</a> (900)' in text
    assert re.findall(r'href="#([\w-]+)"', text) == [
        found for found in re.findall(r'href="#([\w-]+)"', text) if f'id="{found}"' in text
    ]


def test_an_objective_with_an_exclusion_is_told_at_length_though_it_was_met() -> None:
    amended = AmendmentView(
        id="x", kind="exclusion", sla="a", start=SPAN.start, end=stamp(START + HOUR),
        text="the provider's fault", made_by="ana", made_at=SPAN.end,
    )  # fmt: skip
    kept = [objective(f"kept-{number}") for number in range(MANY)]
    text = page(report(*kept, objective("amended", exclusions=[amended])))
    assert text.count("<article ") == 1
    assert "the provider&#x27;s fault (excluded afterwards by ana)" in text


def test_of_many_violations_the_deepest_stand_there_and_the_rest_is_counted() -> None:
    found = [
        Violation(stamp(START + day * HOUR), stamp(START + day * HOUR + 1), day * MINUTE)
        for day in range(LISTED + 3)
    ]
    work = [
        Period(start=stamp(START + day * DAY), end=stamp(START + day * DAY + HOUR))
        for day in range(WINDOWS + 2)
    ]
    text = page(report(objective(met=False, violations=found, planned=work)))
    assert "3 more, less deep" in text
    assert '<td class="n" data-name="Overspent by">3 min</td>' in text
    assert "planned maintenance, 2 h together" in text


def test_a_title_from_outside_ends_neither_the_style_sheet_nor_an_element() -> None:
    text = page(report(objective("</h3><script>"), about='"}</style><script>alert(1)</script>\n'))
    assert "<script" not in text
    assert text.count("</style>") == 1
    (foot,) = re.findall(r'@bottom-left\{content:"([^"]*)"', text)
    assert re.fullmatch(r"(?:[A-Za-z0-9]|\\[0-9a-f]{6})+", foot)
    back = re.sub(r"\\([0-9a-f]{6})", lambda found: chr(int(found[1], 16)), foot)
    assert back.startswith('Service report 2026-11: "}</style><script>')


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("2026-10", "October 2026"),
        ("2026-Q3", "Third quarter 2026"),
        ("2026", "2026"),
        ("last-30d", "2026-11-01 00:00:00 to 2026-12-01 00:00:00"),
    ],
)
def test_a_period_is_named_as_one_would_say_it(label: str, words: str) -> None:
    assert period_words(report(label=label).period) == words


@pytest.mark.parametrize("place", range(3))
def test_text_has_a_contrast_of_at_least_four_and_a_half(place: int) -> None:
    """On paper and on a wash: on a light screen, a dark one, and printed."""
    palettes = re.findall(r":root\{(?:color-scheme:[^;]*;)?(--paper[^}]*)\}", STYLE)
    assert len(palettes) == 3
    colours = dict(re.findall(r"--(\w+):(#[0-9a-f]+)", palettes[place].replace("\n", "")))
    for text, ground in product(("ink", "soft", "good", "bad"), ("paper", "wash")):
        high, low = sorted((_light(colours[text]), _light(colours[ground])), reverse=True)
        assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


def _light(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * one for one in colour[1:])
    parts = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
