"""Programs that are run about an incident: real ones, what they see, and how they are ended."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from daemon.core.model import RunState
from daemon.respond import responder
from daemon.respond.spec import ActionSpec
from tests.respond.desk import carried_out, is_alive, names, responding, start, until, written


def shell(script: str, name: str = "act", **changes: Any) -> ActionSpec:
    return ActionSpec(name=name, run=("/bin/sh", "-c", script), **changes)


async def test_a_program_gets_the_incident_as_json_and_as_variables(tmp_path: Path) -> None:
    ended = await carried_out(
        shell(f"cat > {tmp_path}/body; env | sort; pwd; echo done", cwd=tmp_path)
    )
    assert (ended.outcome, ended.exit_code) == (RunState.SUCCEEDED, 0)
    assert ended.detail.startswith("exit code 0 in ")
    assert ended.detail.endswith(": done")
    body = json.loads((tmp_path / "body").read_bytes())
    assert list(body) == ["id", "type", "time", "response", "trigger", "incident", "alerts"]
    assert (body["type"], body["response"], body["incident"]["id"]) == ("response", "act", "inc-1")
    assert body["incident"]["impact"] == "Customers cannot pay"
    seen = dict(line.split("=", 1) for line in ended.output.splitlines() if "=" in line)
    told = {name: value for name, value in seen.items() if name.startswith("TOCSIN_")}
    assert told == {
        "TOCSIN_CONTEXT": "revenue_critical",
        "TOCSIN_INCIDENT": "inc-1",
        "TOCSIN_ORGANIZATION": "",
        "TOCSIN_RESPONSE": "act",
        "TOCSIN_RUN": "run-1",
        "TOCSIN_SERVICE": "checkout",
        "TOCSIN_SEVERITY": "critical",
        "TOCSIN_STATE": "triggered",
        "TOCSIN_SUMMARY": "checkout-http: status == 200 (status is 502)",
        "TOCSIN_TITLE": "checkout is down",
        "TOCSIN_TRIGGER": "firing",
    }
    assert set(seen) - set(told) <= {"PATH", "HOME", "LANG", "PWD", "OLDPWD", "SHLVL", "_"}
    assert str(tmp_path) in ended.output


async def test_there_is_no_shell_in_between(tmp_path: Path) -> None:
    spec = ActionSpec(name="act", run=("/bin/echo", "$HOME; touch", f"{tmp_path}/made", "`id`"))
    ended = await carried_out(spec)
    assert ended.output.strip() == f"$HOME; touch {tmp_path}/made `id`"
    assert names(tmp_path) == []


async def test_text_from_outside_reaches_a_program_without_controls() -> None:
    ended = await carried_out(shell('printf %s "$TOCSIN_TITLE"'), title="a\x00b\x1b[31mc\nd")
    assert ended.outcome is RunState.SUCCEEDED
    assert ended.output == "abc\nd"


@pytest.mark.parametrize(
    ("script", "code", "said"),
    [
        ("echo one; echo why >&2; exit 3", 3, "exit code 3 in"),
        ("kill -9 $$", -signal.SIGKILL, "ended by SIGKILL in"),
    ],
)
async def test_any_end_but_zero_is_a_failure(script: str, code: int, said: str) -> None:
    ended = await carried_out(shell(script))
    assert (ended.outcome, ended.exit_code) == (RunState.FAILED, code)
    assert ended.detail.startswith(said)


async def test_what_was_written_stands_in_its_order() -> None:
    ended = await carried_out(shell("echo one; echo two >&2; echo three; exit 1"))
    assert ended.output == "one\ntwo\nthree\n"
    assert ended.detail.endswith(": three")


async def test_a_program_that_is_gone_is_a_failed_run(tmp_path: Path) -> None:
    program = tmp_path / "restart"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    spec = ActionSpec(name="act", run=(str(program),))
    program.unlink()
    ended = await carried_out(spec)
    assert ended.outcome is RunState.FAILED
    assert "does not exist" in ended.detail


async def test_the_timeout_ends_the_whole_group_and_keeps_what_was_written(tmp_path: Path) -> None:
    script = f"echo begun; trap '' TERM; sleep 600 & echo $! > {tmp_path}/child; wait; sleep 600"
    ended = await carried_out(shell(script, timeout="300ms"))
    assert ended.outcome is RunState.TIMED_OUT
    assert ended.detail == "it was ended after 300ms"
    assert ended.output == "begun\n"
    child = int(written(tmp_path / "child"))
    await until(lambda: not is_alive(child))


async def test_of_much_output_the_beginning_and_the_end_are_kept() -> None:
    ended = await carried_out(shell("echo first; yes line | head -c 400000; echo last"))
    assert len(ended.output) <= 66_000
    assert ended.output.startswith("first\nline\n")
    assert ended.output.endswith("line\nlast\n")
    assert "bytes are left out" in ended.output


async def test_secrets_are_masked_in_what_is_kept() -> None:
    spec = shell('echo "$KEY"; echo password=hunter2; exit 1', env={"KEY": "s3cr3t-value"})
    ended = await carried_out(spec)
    assert ended.output == "***\npassword=***\n"
    assert "hunter2" not in ended.detail


async def test_a_unit_is_restarted_by_systemctl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/asked\n')
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    ended = await carried_out(ActionSpec(name="act", unit="shop@1.service", do="restart"))
    assert ended.outcome is RunState.SUCCEEDED
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked == ["--no-ask-password", "restart", "--", "shop@1.service"]


async def test_without_systemctl_the_run_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = await carried_out(ActionSpec(name="act", unit="shop.service", do="restart"))
    assert ended.outcome is RunState.FAILED
    assert "systemctl does not exist" in ended.detail


async def test_only_so_many_run_at_once_and_all_get_their_turn(tmp_path: Path) -> None:
    spec = shell(
        f"echo $$ > {tmp_path}/$TOCSIN_RUN; while [ ! -e {tmp_path}/go ]; do sleep 0.02; done"
    )
    async with responding(spec) as desk:
        desk.responder.start(start(spec, f"run-{n:02}") for n in range(10))
        await until(lambda: len(names(tmp_path, "run-*")) >= 8)
        assert desk.responder.under_way == 10
        assert len(names(tmp_path, "run-*")) == 8
        (tmp_path / "go").touch()
        assert {one.outcome for one in await desk.count(10)} == {RunState.SUCCEEDED}


async def test_a_run_that_is_under_way_is_not_begun_twice(tmp_path: Path) -> None:
    spec = shell(f"echo run >> {tmp_path}/runs; sleep 0.1")
    async with responding(spec) as desk:
        desk.responder.start([start(spec), start(spec)])
        await desk.count(1)
    assert (tmp_path / "runs").read_text() == "run\n"


async def test_the_end_of_the_daemon_ends_what_runs_and_reports_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responder, "FINISH_S", 0.05)
    spec = shell(f"sleep 600 & echo $! > {tmp_path}/child; wait")
    async with responding(spec) as desk:
        desk.responder.start([start(spec)])
        await until(lambda: bool(written(tmp_path / "child").strip()))
        child = int(written(tmp_path / "child"))
        await desk.responder.stop()
        assert desk.ends == []
        desk.responder.start([start(spec, "run-2")])
        assert desk.responder.under_way == 0
    await until(lambda: not is_alive(child))


async def test_a_response_that_left_the_configuration_fails_and_the_new_one_is_run() -> None:
    gone, other = shell("exit 0"), shell("exit 7", "other")
    async with responding(gone) as desk:
        for _ in range(2):
            desk.responder.replace({"other": other})
        desk.responder.start([start(gone), start(other, "run-2")])
        ends = {one.run: one for one in await desk.count(2)}
    assert ends["run-1"].detail == "it has left the configuration"
    assert ends["run-2"].exit_code == 7


async def test_a_run_does_what_was_decided_though_a_reload_changed_it_while_it_waited(
    tmp_path: Path,
) -> None:
    long = shell(f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done; exit 3")
    after = shell("exit 4")
    async with responding(long) as desk:
        desk.responder.start(start(long, f"run-{n}") for n in range(responder.AT_ONCE + 1))
        desk.responder.replace({"act": after})
        desk.responder.start([start(long, "decided-before"), start(after, "decided-after")])
        (tmp_path / "go").touch()
        ends = await desk.count(responder.AT_ONCE + 3)
    codes = {one.run: one.exit_code for one in ends}
    assert codes.pop("decided-after") == 4
    assert set(codes.values()) == {3}
