"""A program that is told: real programs, what they get, what their exit codes mean."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop
from pydantic import ValidationError

from daemon.notify.channel import Message
from daemon.notify.channels import open_channel
from daemon.notify.channels.exec import ExecChannel
from daemon.notify.errors import DeliveryError, Permanent, Transient
from daemon.notify.spec import ExecSpec
from tests.notify.desk import delivering
from tests.notify.lab import alert, compose, incident, notice, over

Runner = Callable[[Coroutine[None, None, None]], None]


def spec(script: str, **changes: Any) -> ExecSpec:
    return ExecSpec(name="pager", run=("/bin/sh", "-c", script), **changes)


async def send(script: str, message: Message | None = None, **changes: Any) -> str:
    channel = ExecChannel(spec(script, **changes))
    try:
        return await channel.send(message or compose(notice()))
    finally:
        await channel.close()


async def failure(script: str, **changes: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await send(script, **changes)
    return caught.value


async def test_the_program_gets_the_body_of_a_webhook(tmp_path: Path) -> None:
    for message in (compose(notice()), compose(over())):
        assert await send(f"cat > {tmp_path}/told; echo taken", message) == "taken"
        told = json.loads((tmp_path / "told").read_bytes())
        assert list(told) == ["id", "type", "time", "incident", "alerts"]
        assert told["type"] == message.notice.type.value
    assert told["incident"]["state"] == "resolved"


async def test_a_large_body_comes_whole_and_need_not_be_read() -> None:
    alerts = tuple(alert(key=f"{n:016x}", annotations={"message": "x" * 400}) for n in range(500))
    message = compose(notice(alerts=alerts))
    assert int(await send("wc -c", message)) > 200_000
    assert await send("exec 0<&-; echo not read", message) == "not read"
    assert await send("exit 0", message) == "/bin/sh ended with exit code 0"


async def test_no_shell_sees_the_arguments() -> None:
    words = ["$(id)", "; exit 1", "*", "two words"]
    run = (sys.executable, "-c", "import sys; print(sys.argv[1:])", *words)
    assert await ExecChannel(ExecSpec(name="x", run=run)).send(compose(notice())) == str(words)


async def test_the_environment_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2-of-the-daemon")
    monkeypatch.setenv("LANG", "C.UTF-8")
    names = "import os; print(*sorted(os.environ.keys() - {'LC_CTYPE'}))"
    run = (sys.executable, "-c", names)
    channel = ExecChannel(ExecSpec(name="x", run=run, env={"ROOM": "ops"}))
    assert await channel.send(compose(notice())) == "HOME LANG PATH ROOM"


@pytest.mark.parametrize("code", [1, 2, 64, 74, 76, 126, 255])
async def test_an_exit_code_is_a_refusal_with_its_reason(code: int) -> None:
    error = await failure(f"echo; echo no such room >&2; exit {code}")
    assert isinstance(error, Permanent)
    assert str(error) == f"/bin/sh ended with exit code {code}: no such room"


async def test_a_temporary_failure_is_tried_again() -> None:
    error = await failure("echo the modem is busy; exit 75")
    assert isinstance(error, Transient)
    assert str(error) == "/bin/sh ended with exit code 75: the modem is busy"


async def test_a_program_that_a_signal_ended_has_refused_nothing() -> None:
    error = await failure("kill -SEGV $$")
    assert isinstance(error, Transient)
    assert str(error) == "/bin/sh was ended by SIGSEGV"


async def test_a_program_that_is_gone_by_now_is_permanent(tmp_path: Path) -> None:
    program = tmp_path / "page"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    channel = ExecChannel(ExecSpec(name="x", run=(str(program),)))
    assert await channel.send(compose(notice())) == f"{program} ended with exit code 0"
    program.unlink()
    with pytest.raises(Permanent, match=r"page does not exist$"):
        await channel.send(compose(notice()))


async def test_secrets_and_control_characters_do_not_come_back() -> None:
    env = {"TOKEN": "hunter2-of-the-pager"}
    said = await send(r"printf 'used %s \033[31mred\n' $TOKEN", env=env)
    assert said == "used *** red"
    error = await failure("echo bad token: $TOKEN >&2; exit 1", env=env)
    assert "hunter2" not in str(error)
    assert "hunter2" not in repr(spec("true", env=env)) + spec("true", env=env).model_dump_json()


async def test_control_characters_of_an_alert_reach_no_program() -> None:
    message = compose(notice(incident=incident(title="down\x1b[2J\x00now\u202e")))
    assert await send("tr -dc '\\000\\033' | wc -c", message) == "0"


async def test_endless_output_is_kept_only_so_far() -> None:
    said = await send("yes a-long-line | head -c 3000000; exit 0")
    assert said == "a-long-line"
    assert len(str(await failure("head -c 3000000 /dev/zero | tr '\\0' x; exit 1"))) <= 300


def runs(pid: int) -> bool:
    """Whether there is such a process; one that only its parent has not noticed is gone."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def numbers_in(file: Path) -> list[int]:
    return [int(word) for word in file.read_text().split()]


async def comes_true(what: Callable[[], bool]) -> bool:
    for _ in range(1_000):
        if what():
            return True
        await asyncio.sleep(0.01)
    return False


async def gone(pid: int) -> bool:
    return await comes_true(lambda: not runs(pid))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks into /proc")
@pytest.mark.parametrize("way", ["timeout", "cancelled"])
async def test_nothing_is_left_behind_by_an_attempt_that_is_ended(way: str, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"trap '' TERM; sleep 77 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait"
    sending = asyncio.create_task(send(script))
    assert await comes_true(pids.exists)
    if way == "cancelled":
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
    else:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await sending
    assert [await gone(pid) for pid in numbers_in(pids)] == [True, True]


async def cancelled_at_any_moment(started: Path) -> None:
    for turns in range(8):
        script = f"sleep 77 & echo $$ $! >> {started}; wait"
        sending = asyncio.create_task(send(script))
        for _ in range(turns):
            await asyncio.sleep(0)
        sending.cancel()
        async with asyncio.timeout(10):
            with pytest.raises(asyncio.CancelledError):
                await sending
    for pid in numbers_in(started):
        assert await gone(pid)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks into /proc")
@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_an_attempt_can_be_cancelled_at_any_moment(run: Runner, tmp_path: Path) -> None:
    started = tmp_path / "pids"
    started.touch()
    run(cancelled_at_any_moment(started))


def test_the_kind_is_opened() -> None:
    one = spec("true")
    assert open_channel(one).spec is one
    assert not one.takes_address


def faults(**changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        ExecSpec(**{"name": "x", "run": ["/bin/sh"], **changes})
    (fault,) = caught.value.errors()
    return f"{fault['loc'][0]}: {fault['msg']}"


def test_a_bad_program_is_refused_with_the_mend(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("no program")
    assert "run: Tuple should have at least 1 item" in faults(run=[])
    assert "has no name" in faults(run=["  "])
    assert "cannot hold a NUL" in faults(run=["/bin/sh", "a\0b"])
    assert "write its whole path, or install it" in faults(run=["no-such-program-here"])
    assert "relative to nothing; write its whole path" in faults(run=["./page"])
    assert "there is no program /no/page" in faults(run=["/no/page"])
    assert f"there is no program {tmp_path}" in faults(run=[str(tmp_path)])
    assert "may not be executed" in faults(run=[str(plain)])
    assert "env: " in faults(env={"A=B": "x"})
    assert "env: " in faults(env={"A\n": "x"})
    assert "TOCSIN_TEST_NOT_SET is not set" in faults(env={"A": {"env": "TOCSIN_TEST_NOT_SET"}})
    assert "NUL" in faults(env={"A": "hunter2\0"})
    assert "hunter2" not in faults(env={"A": "hunter2\0"})


def test_a_program_is_looked_up_in_the_path_that_it_will_have(tmp_path: Path) -> None:
    program = tmp_path / "my-pager"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    assert "in PATH" in faults(run=["my-pager"])
    path = f"{tmp_path}{os.pathsep}/bin"
    assert ExecSpec(name="x", env={"PATH": path}, run=["my-pager"]).run == ("my-pager",)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks into /proc")
async def test_nothing_is_left_behind_when_the_daemon_stops(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 77 & echo $$ $! > {pids}.new; mv {pids}.new {pids}; wait"
    async with delivering(ops=ExecChannel(spec(script, timeout="60s"))) as desk:
        desk.dispatcher.offer([notice()])
        assert await comes_true(pids.exists)
        async with asyncio.timeout(10):
            await desk.dispatcher.stop()
        pids_in = numbers_in(pids)
        assert await comes_true(lambda: not any(map(runs, pids_in)))  # the signal was sent
        assert desk.outbox.rows["k1"].state == "sending"


async def test_under_a_dispatcher_it_is_tried_again_and_the_resolve_told(tmp_path: Path) -> None:
    script = f'echo x >> {tmp_path}/n; test $(wc -l < {tmp_path}/n) -ge 3 || exit 75; echo "done"'
    async with delivering(ops=ExecChannel(spec(script))) as desk:
        end, _ = await desk.tell(notice())
        assert (end.delivered, end.attempts, end.detail) == (True, 3, "done")
        end, _ = await desk.tell(over())
        assert (end.delivered, end.attempts) == (True, 1)
    async with delivering(ops=ExecChannel(spec("exit 1"))) as desk:
        end, _ = await desk.tell(notice())
        assert (end.delivered, end.attempts) == (False, 1)
