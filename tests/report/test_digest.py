"""The text behind a digest is one canonical form, whichever way it is written."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from daemon.report.digest import _text

leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.text(st.characters(max_codepoint=0x17F, exclude_categories=["Cs"]), max_size=5)
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=9,
)


@given(values)
def test_figures_are_written_as_sorted_json_in_ascii_without_spaces(told: object) -> None:
    plain = json.dumps(told, sort_keys=True, separators=(",", ":"))
    assert _text(told) == plain.encode()


def test_every_ascii_character_in_a_name_is_written_alike() -> None:
    for code in range(128):
        assert (
            _text({chr(code): chr(code)})
            == json.dumps({chr(code): chr(code)}, separators=(",", ":")).encode()
        )
