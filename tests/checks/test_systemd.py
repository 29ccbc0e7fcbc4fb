"""The systemd kind against a program that prints what systemctl 252 printed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from checks.errors import SpecError
from checks.result import Fault, Result, Status
from checks.systemd import SystemdSpec, read_unit, read_units
from tests.checks.conftest import Run, prepared
from tests.checks.hindrance import unhindered

RUNNING = """\
Result=success
NRestarts=0
LoadState=loaded
ActiveState=active
SubState=running
StateChangeTimestampMonotonic={since_us}
"""
NOT_FOUND = """\
Result=success
NRestarts=0
LoadState=not-found
ActiveState=inactive
SubState=dead
StateChangeTimestampMonotonic=0
"""
MOUNT = """\
Result=success
LoadState=loaded
ActiveState=active
SubState=mounted
StateChangeTimestampMonotonic=11725636399
"""
FAILED = """\
Result=exit-code
NRestarts=0
LoadState=loaded
ActiveState=failed
SubState=failed
StateChangeTimestampMonotonic=12361525206
"""
LOOPING = """\
Result=exit-code
NRestarts=7
LoadState=loaded
ActiveState=activating
SubState=auto-restart
StateChangeTimestampMonotonic=12361572447
"""
STARTING = FAILED.replace("=failed", "=activating").replace("SubState=activating", "SubState=start")
STOPPED = FAILED.replace("=failed", "=inactive").replace("exit-code", "success")
MASKED = STOPPED.replace("loaded", "masked")
FAILED_LIST = """\
boom.service                    loaded failed failed /bin/false
prometheus-alertmanager.service loaded failed failed Alertmanager for prometheus
"""
BUS_LIST = """\
dbus.service loaded active running D-Bus System Message Bus
dbus.socket  loaded active running D-Bus System Message Bus Socket
"""
NOT_BOOTED = """\
System has not been booted with systemd as init system (PID 1). Can't operate.
Failed to connect to bus: Host is down
"""


class Systemctl:
    """A systemctl of ours, first on PATH: it prints what it is told to and notes its words."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.says("")

    def says(self, out: str, *, err: str = "", code: int = 0, extra: str = "") -> None:
        for name, text in (("out", out), ("err", err)):
            (self.home / name).write_text(text)
        script = self.home / "systemctl"
        script.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > {self.home}/words\n{extra}\n'
            f"cat {self.home}/out\ncat {self.home}/err >&2\nexit {code}\n"
        )
        script.chmod(0o755)

    @property
    def words(self) -> list[str]:
        return (self.home / "words").read_text().splitlines()


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemctl:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Systemctl(tmp_path)


async def test_an_active_unit_is_up_with_its_age(run: Run, systemctl: Systemctl) -> None:
    systemctl.says(RUNNING.format(since_us=int(time.monotonic() * 1e6) - 90_000_000))
    found = await run("systemd", unit="dbus.service", expect=[])
    assert (found.status, found.fault) == (Status.UP, None), found
    assert found.message == "dbus.service is active (running)"
    assert 89 < float(found.metrics["state_age_s"]) < 200
    assert found.metrics["restarts"] == 0
    assert found.metrics["active_state"] == "active"
    assert systemctl.words == [
        "--no-pager",
        "show",
        "--property=LoadState,ActiveState,SubState,Result,NRestarts,StateChangeTimestampMonotonic",
        "--",
        "dbus.service",
    ]


@pytest.mark.parametrize(
    ("said", "status", "message"),
    [
        (MOUNT, Status.UP, "x is active (mounted)"),
        (FAILED, Status.DOWN, "x is failed (failed), its last result is exit-code"),
        (STOPPED, Status.DOWN, "x is inactive (inactive)"),
        (STARTING, Status.DEGRADED, "x is activating (start), its last result is exit-code"),
        (
            LOOPING,
            Status.DOWN,
            "x is activating (auto-restart), its last result is exit-code, 7 restarts",
        ),
        (NOT_FOUND, Status.DOWN, "systemd knows no unit x"),
        (MASKED, Status.DOWN, "x is inactive, its unit file is masked"),
    ],
)
async def test_the_state_is_the_verdict(
    run: Run, systemctl: Systemctl, said: str, status: Status, message: str
) -> None:
    systemctl.says(said)
    found = await run("systemd", unit="x")
    assert (found.status, found.message) == (status, message)
    assert (found.fault is Fault.PROGRAM) == (status is Status.DOWN)


async def test_conditions_replace_the_verdict(run: Run, systemctl: Systemctl) -> None:
    systemctl.says(STOPPED)
    keys = {"unit": "backup", "expect": ['result == "success"', "restarts < 3"]}
    found = await run("systemd", **keys)
    assert found.status is Status.UP, found
    systemctl.says(FAILED)
    found = await run("systemd", **keys)
    assert found.message == 'result == "success" (result is "exit-code")'
    systemctl.says(MOUNT)
    found = await run("systemd", unit="tmp.mount", expect=["restarts < 3"])
    assert found.status is Status.UNKNOWN, found


async def test_without_a_unit_none_may_have_failed(run: Run, systemctl: Systemctl) -> None:
    found = await run("systemd")
    assert (found.status, found.message) == (Status.UP, "no unit has failed")
    assert systemctl.words[1:] == [
        "list-units",
        "--plain",
        "--no-legend",
        "--full",
        "--state=failed",
    ]
    systemctl.says(FAILED_LIST)
    found = await run("systemd")
    assert (found.status, found.fault) == (Status.DOWN, Fault.PROGRAM)
    assert found.message == "boom.service, prometheus-alertmanager.service failed"
    assert found.metrics["failed_count"] == 2
    found = await run("systemd", expect=['failed.all(unit, unit == "boom.service")'])
    assert found.status is Status.DOWN
    found = await run("systemd", expect=["failed_count < 3"])
    assert found.status is Status.UP, found


async def test_a_pattern_asks_after_its_units_only(run: Run, systemctl: Systemctl) -> None:
    systemctl.says(BUS_LIST)
    found = await run("systemd", unit="dbus*", user=True)
    assert (found.status, found.metrics["unit_count"]) == (Status.UP, 2)
    assert systemctl.words[0] == "--user"
    assert systemctl.words[-3:] == ["--all", "--", "dbus*"]
    systemctl.says("")
    found = await run("systemd", unit="nope*")
    assert (found.status, found.message) == (
        Status.DOWN,
        "no unit that systemd has loaded matches nope*",
    )


@pytest.mark.parametrize(
    ("keys", "mend"),
    [
        ({}, "is systemd what runs this host?"),
        ({"user": True}, "the daemon runs as that user, XDG_RUNTIME_DIR set"),
    ],
)
async def test_a_host_without_systemd_is_unknown(
    run: Run, systemctl: Systemctl, keys: dict[str, bool], mend: str
) -> None:
    systemctl.says("", err=NOT_BOOTED, code=1)
    found = await run("systemd", unit="x", **keys)
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert found.message.startswith("systemctl cannot tell: System has not been booted")
    assert found.message.endswith(mend)


async def test_no_systemctl_and_no_sense_are_unknown(
    run: Run, systemctl: Systemctl, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemctl.says("hello")
    found = await run("systemd", unit="x")
    assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
    assert 'an answer that is not understood: "hello"' in found.message
    systemctl.says("", extra="kill -9 $$")
    found = await run("systemd", unit="x")
    assert found.status is Status.UNKNOWN
    assert found.message == "systemctl cannot tell: it was ended by SIGKILL"
    systemctl.says(BUS_LIST * 3000)
    found = await run("systemd", unit="*")
    assert found.status is Status.UNKNOWN
    assert "narrow the pattern" in found.message
    monkeypatch.setenv("PATH", "/nonexistent")
    found = await run("systemd", unit="x")
    assert found.status is Status.UNKNOWN
    assert found.message == "the program could not be run: systemctl does not exist"


async def test_a_systemctl_that_hangs_is_ended_and_says_nothing_of_the_unit(
    run: Run, systemctl: Systemctl
) -> None:
    systemctl.says("", extra="exec sleep 60")

    def is_told(found: Result) -> None:
        assert (found.status, found.fault) == (Status.UNKNOWN, Fault.INTERNAL)
        assert found.message == "systemctl did not answer within 500ms"
        assert found.phases["systemctl"] < 5000

    await unhindered(lambda: run("systemd", unit="x", timeout_ms=500), is_told)


def test_a_condition_on_what_the_other_question_tells_is_refused() -> None:
    with pytest.raises(SpecError, match="names failed_count, which there is only with a pattern"):
        prepared("systemd", unit="x", expect=["failed_count == 0"])
    with pytest.raises(SpecError, match=r"names active_state, .* with the name of one unit"):
        prepared("systemd", expect=['active_state == "active"'])


@pytest.mark.parametrize("unit", ["", "-all", "a b", "--user", "a;b", "a/b", "a\nb"])
def test_what_is_no_units_name_is_refused(unit: str) -> None:
    with pytest.raises(ValidationError):
        SystemdSpec(name="x", unit=unit)


def test_marks_before_a_units_name_are_passed_over() -> None:
    assert read_units("● a.service loaded failed failed A\nshort line\n") == [
        ("a.service", "failed")
    ]


@given(st.text(max_size=200))
def test_no_output_breaks_the_reading(text: str) -> None:
    for name, active in read_units(text):
        assert name
        assert active
    state = read_unit(f"LoadState=loaded\nActiveState=active\nNRestarts={text}\n")
    assert state is not None
    assert read_unit(text) is None or "ActiveState" in text
