"""Name servers over TCP gone wrong: lengths that lie, answers that stop, drip or never end."""

from __future__ import annotations

from tests.peers.hostile.script import Script, drips, pours, says

_HEAD = bytes.fromhex("000081800001ffff00000000")
"""An answer to question 0 with 65535 records."""

SCRIPTS: dict[str, Script] = {
    "dns_stops_in_length": says(b"\x00"),
    "dns_stops_in_answer": says(b"\xff\xff" + _HEAD),
    "dns_closes_in_answer": says(b"\xff\xff" + _HEAD, then="close"),
    "dns_resets_in_answer": says(b"\xff\xff" + _HEAD, then="reset"),
    "dns_empty_answer": says(b"\x00\x00", then="hold"),
    "dns_empty_answers": pours(b"", b"\x00\x00" * 10_000),
    "dns_other_answers": pours(b"", (b"\x00\x0c" + _HEAD) * 1_000),
    "dns_drips": drips(b"\xff\xff" + bytes(65_535)),
}
