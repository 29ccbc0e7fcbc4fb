"""Short messages: what fits into one part, and what becomes of letters that GSM has not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.notify.gsm import (
    BASIC,
    EXTENDED,
    SEPTETS,
    UCS2_UNITS,
    septets,
    short_message,
    transliterate,
    ucs2_units,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("checkout is down", "checkout is down"),
        ("Größe über 5 €", "Größe über 5 €"),
        ("Čeští żółw Łódź", "Cesti zolw Lodz"),
        ("“it’s” – down…", '"it\'s" - down...'),
        ("a → b ≥ 90 °C, 5\u00a0µs", "a -> b >= 90 degC, 5 us"),
        ("🔥 checkout ☎️ down", "checkout down"),
        ("ﬁle ｆｕｌｌ ½", "file full 1/2"),
        ("ça", "ca"),
        ("Касса не работает", None),
        ("决済 down", None),
    ],
)
def test_letters_are_written_with_what_the_alphabet_has(text: str, plain: str | None) -> None:
    assert transliterate(text) == plain


def test_a_page_of_160_characters_is_whole_and_one_more_is_cut_behind_a_word() -> None:
    whole = ("word " * 32).strip() + "s"
    assert len(whole) == 160
    assert short_message(whole) == whole
    cut = short_message(whole + "!")
    assert cut.endswith(" word...")
    assert len(cut) == 157


def test_what_takes_two_septets_counts_twice() -> None:
    assert short_message("[" * 80) == "[" * 80
    assert short_message("[" * 81) == "[" * 78 + "..."


def test_letters_without_a_likeness_make_it_short() -> None:
    assert short_message("я" * 70) == "я" * 70
    assert short_message("я" * 71) == "я" * 69 + "…"
    words = "сервис оплаты не отвечает " * 4
    cut = short_message(words.strip())
    assert cut.endswith(("сервис…", "оплаты…", "не…", "отвечает…"))


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from("aé [€ł🔥я…漢x "), max_size=400))
def test_every_text_becomes_one_part_that_loses_nothing_but_its_end(text: str) -> None:
    short = short_message(text)
    if set(short) <= BASIC | EXTENDED:
        assert septets(short) <= SEPTETS
    else:
        assert ucs2_units(short) <= UCS2_UNITS
    if len(text) <= 30 and transliterate(text) is None:
        assert short == text
