"""Counting what silences select agrees with asking each alert."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.api import views
from daemon.api.matching import Firing
from daemon.core.labels import Matcher, MatchOp
from daemon.core.model import AlertState, Silence
from tests.core.deciding import START, alert

NAMES, VALUES = st.sampled_from(["service", "env", "severity"]), ["web", "prod", "critical", ""]
LABELS = st.dictionaries(st.sampled_from(["service", "env"]), st.sampled_from(VALUES))
MATCHERS = st.builds(Matcher, NAMES, st.sampled_from(MatchOp), st.sampled_from(VALUES))


@given(
    st.lists(st.tuples(LABELS, st.sampled_from(AlertState)), max_size=8),
    st.lists(st.lists(MATCHERS, min_size=1, max_size=3), max_size=5),
)
def test_each_silence_selects_what_it_would_if_every_alert_were_asked(
    alerts: list[tuple[dict[str, str], AlertState]], silences: list[list[Matcher]]
) -> None:
    records = [alert(str(n), labels=one, state=state) for n, (one, state) in enumerate(alerts)]
    firing = Firing(records)
    for matchers in silences:
        silence = Silence("s", tuple(matchers), START, START + 1, "ana", "", START)
        assert firing.count(silence) == views.matched_count(silence, records)
