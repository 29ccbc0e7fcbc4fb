"""`/metrics` in Prometheus' text format, read back by its grammar."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from daemon.api.metrics import Family, render
from tests.api.lab import Lab, raw_http, serving

LINE = re.compile(
    r'(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>(?:[a-z_]+="(?:[^"\\\n]|\\[\\n"])*",?)*)\})?'
    r" (?P<value>[-+0-9.eE]+|NaN|[-+]Inf)"
)


def parse(text: str) -> dict[str, float]:
    """Each sample by its name with labels; every line obeys the format."""
    samples: dict[str, float] = {}
    typed: set[str] = set()
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# TYPE "):
            name = line.split(" ")[2]
            assert name not in typed, "a family is written in one piece"
            typed.add(name)
        elif not line.startswith("# HELP "):
            found = LINE.fullmatch(line)
            assert found, line
            assert found["name"] in typed
            key = line.rpartition(" ")[0]
            assert key not in samples, "no sample twice"
            samples[key] = float(found["value"])
    return samples


@pytest.mark.parametrize("text", ['a"b', "a\\b", "a\nb", "", "ü", '\\\n"', "{},="])
def test_a_label_may_hold_anything(text: str) -> None:
    rendered = "".join(render([Family("m", "gauge", "h", [({"x": text}, 1)])]))
    [key] = parse(rendered)
    value = key.partition('x="')[2].removesuffix('"}')
    back = re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), value)
    assert back == text


@pytest.mark.parametrize("value", [0, 1, -1, 0.5, 1e300, -1e-9, 1e17, float("inf"), float("-inf")])
def test_every_number_reads_back(value: float) -> None:
    assert parse("".join(render([Family("m", "gauge", "h", [({}, value)])]))) == {"m": value}


def test_a_number_that_is_none_is_written_as_nan() -> None:
    assert "m NaN\n" in "".join(render([Family("m", "gauge", "h", [({}, float("nan"))])]))


def test_a_family_without_samples_is_left_out() -> None:
    assert "".join(render([Family("m", "gauge", "h", [])])) == ""


async def test_prometheus_sees_checks_incidents_slas_and_the_daemon(tmp_path: Path) -> None:
    lab = Lab()
    lab.outage()
    async with serving(lab, tmp_path) as path, raw_http(path) as http:
        answer = await http.get("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = parse(answer.text)
    web = 'check="web",service="checkout",kind="http"'
    assert samples[f"tocsin_check_status{{{web}}}"] == 3
    assert samples[f"tocsin_check_latency_seconds{{{web}}}"] == 0.0125
    assert samples['tocsin_service_status{service="checkout"}'] == 3
    assert samples['tocsin_alerts{severity="critical",state="firing"}'] == 1
    assert samples['tocsin_incidents{severity="critical",state="triggered"}'] == 1
    assert samples['tocsin_incidents{severity="info",state="acknowledged"}'] == 0
    assert samples["tocsin_loop_lag_seconds"] == 0.0015
    assert samples["tocsin_checks"] == 3
    assert samples["tocsin_workers_alive"] == samples["tocsin_workers"] == 0
    assert samples["tocsin_worker_restarts_total"] == 0
    assert 'tocsin_sla_budget_left_seconds{sla="checkout-99",service="checkout"}' in samples
    assert samples["tocsin_events_total"] == lab.hub.published > 0
