"""URLs that are read at a glance are read as those are that are taken apart."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from checks import http_request
from checks.http_request import Target

SCHEMES = ["http://", "https://", "HTTP://", "ftp://", "http:/", "//", ""]
HOSTS = ["web", "a.b", "1.2.3.4", "a..b", ".a", "a.", "A.b", "x" * 63, "x" * 64, "[::1]", "u:p@h"]
PORTS = ["", ":80", ":443", ":0", ":00", ":0080", ":65535", ":65536", ":", ":x", ":123456"]
TAILS = st.text(st.sampled_from("azAZ09/?#%:@!$&'()*+,;=~-._[]| \\\t\xe9"), max_size=8)
PATHS = st.tuples(st.sampled_from(["", "/", "?", "/?"]), TAILS).map("".join)

urls = st.tuples(
    st.sampled_from(SCHEMES), st.sampled_from(HOSTS), st.sampled_from(PORTS), PATHS
).map("".join)


def taken_apart(url: str) -> Target | str:
    try:
        return http_request._taken_apart(url)
    except ValueError as error:
        return str(error)


def read(url: str) -> Target | str:
    try:
        return http_request._read(url)
    except ValueError as error:
        return str(error)


@given(urls)
@example("http://web")
@example("https://web?")
@example("http://web:0443/a%zz?b=c?d#e")
def test_a_plain_url_is_read_as_any_other(url: str) -> None:
    assert read(url) == taken_apart(url)


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://web", Target(False, "web", 80, "/")),
        ("https://127.0.0.1:8443/c?slots=1,2", Target(True, "127.0.0.1", 8443, "/c?slots=1,2")),
        ("http://web?a", Target(False, "web", 80, "/?a")),
    ],
)
def test_a_plain_url_says_where_to_go(url: str, target: Target) -> None:
    assert http_request._PLAIN.fullmatch(url)
    assert read(url) == target
