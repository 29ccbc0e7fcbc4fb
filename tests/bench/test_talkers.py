"""The bench's own processes say what happened: targets, watchers, receivers, the kernel."""

from __future__ import annotations

import json
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from bench import procs
from bench.children import Talker
from bench.sink import Hook, told
from bench.target import Tally
from bench.watcher import Watch


def _get(url: str, context: ssl.SSLContext | None = None) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5, context=context) as answer:  # noqa: S310  # our own target
            status: int = answer.status
            return status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_target_fails_for_the_names_it_is_told_and_counts(tmp_path: Path) -> None:
    with Talker("bench.target", 1, tmp_path) as target:
        url = f"http://127.0.0.1:{target.first['http'][0]}"
        before_s = time.time()
        told = target.ask("fail", "sick", "ill")
        assert before_s <= told["at_s"] <= time.time()
        assert [_get(f"{url}/{name}") for name in ("sick", "well", "ill")] == [503, 200, 503]
        target.ask("mend", "sick")
        assert [_get(f"{url}/{name}") for name in ("sick", "ill")] == [200, 503]
        assert target.mark()["requests"] == 5
        assert target.mark()["requests"] == 0


def test_an_https_target_is_trusted_by_its_authority_and_hands_out_no_ticket(
    tmp_path: Path,
) -> None:
    with Talker("bench.target", 1, tmp_path) as target:
        context = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
        assert _get(f"https://127.0.0.1:{target.first['https'][0]}/well", context) == 200
        assert context.session_stats()["number"] == 0


def test_how_late_a_request_came_follows_from_its_name_and_interval() -> None:
    tally = Tally()
    tally.http(b"/c00000?slots=10000,20")
    told = tally.obey("mark")
    assert isinstance(told["late_ms"], list)
    assert 0 <= told["late_ms"][0] < 10_000


def test_a_target_that_ever_failed_is_asked_between_its_slots_and_is_not_late() -> None:
    tally = Tally()
    tally.obey("fail c00000")
    tally.obey("mend c00000")
    tally.http(b"/c00000?slots=10000,20")
    assert (tally.requests, tally.late_ms) == (1, [])
    tally.obey("anew")  # another daemon asks now
    tally.http(b"/c00000?slots=10000,20")
    assert len(tally.late_ms) == 1


def test_a_watcher_keeps_whole_events_of_its_kind_from_any_pieces() -> None:
    watch = Watch("incident")
    stream = (
        b'5f\r\nid: 1\nevent: incident\ndata: {"id": "a"}\n\n'
        b'id: 2\nevent: check\ndata: {"name": "b"}\n\n\r\n'
        b'2a\r\nid: 3\nevent: incident\ndata: {"id": "c"}\n\n\r\n'
    )
    for start in range(0, len(stream), 7):
        watch.data_received(stream[start : start + 7])
    assert [data for _, data in watch.take()] == [{"id": "a"}, {"id": "c"}]
    assert watch.take() == []


class _Written:
    """As much of a transport as a receiver uses."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> None:
        self.data += data


def test_a_receiver_notes_the_first_byte_and_answers_the_whole() -> None:
    arrived: list[tuple[float, bytes]] = []
    hook, written = Hook(arrived), _Written()
    hook.connection_made(written)  # type: ignore[arg-type]  # all that it uses of one
    body = json.dumps({"id": "n1"}).encode()
    hook.data_received(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body))
    first_s = time.time()
    assert arrived == []
    hook.data_received(body)
    ((at_s, said),) = told(arrived)
    assert at_s <= first_s
    assert said == {"id": "n1"}
    assert written.data.startswith(b"HTTP/1.1 200")


def test_the_cpu_time_of_a_family_holds_that_of_children_that_have_ended() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    code = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]);"
        "print(flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        assert procs.cpu_s(process.pid) >= 0.3
        assert time.clock_gettime(procs.clock_of(process.pid)) < 0.3
        assert procs.rss_mb(process.pid) > 1
        process.stdin.close()


def test_a_stat_line_is_read_past_any_name() -> None:
    fields = " ".join(str(number) for number in range(4, 53))
    ticks = 16 + 17  # cutime and cstime are the 16th and 17th field of proc(5)
    assert procs.reaped_s(f"1 (a) b) S {fields}") == pytest.approx(ticks / 100)


def test_a_watcher_that_missed_something_says_so() -> None:
    watch = Watch("incident")
    watch.data_received(b'id: 9\nevent: reset\ndata: {"seq": 9}\n\n')
    with pytest.raises(RuntimeError, match="missed"):
        watch.take()
