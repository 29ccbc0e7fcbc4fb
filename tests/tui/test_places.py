"""Finding one's way: filter, palette, help, modes, selection, a lost daemon, odd windows."""

from __future__ import annotations

import pytest

from tests.tui import estate
from tests.tui.conftest import Clock, Opener
from tui.screens.help import HelpScreen
from tui.widgets.virtual_list import VirtualList

SLOW = pytest.mark.slow
WORST, SECOND = "01JD0CHECKOUT", "01JD0ORDERS"


async def test_the_filter_narrows_while_it_is_written(opened: Opener) -> None:
    """Matchers as in silences; escape drops it."""
    async with opened() as session:
        await session.press("slash", *"severity=~crit.*")
        rows = session.app.screen.query_one("#list", VirtualList)
        await session.until(lambda: list(rows.keys) == [SECOND])
        await session.press("enter")
        assert session.selected == SECOND
        assert session.shows("1 of 5 match")
        await session.press("slash", "escape")
        await session.until(lambda: len(rows.keys) == 5)


async def test_a_wrong_filter_keeps_the_rows_and_says_why(opened: Opener) -> None:
    """A half-written matcher must not empty the screen."""
    async with opened(size=(120, 40)) as session:
        await session.press("slash", '"')
        rows = session.app.screen.query_one("#list", VirtualList)
        assert session.shows("a quote is not closed")
        assert len(rows.keys) == 5


async def test_going_to_the_worst_drops_a_filter_that_hides_it(opened: Opener) -> None:
    """w works wherever one is."""
    async with opened() as session:
        await session.press("slash", *"service=search", "enter", "3", "w")
        await session.until(lambda: session.selected == WORST)


async def test_the_palette_finds_actions_and_things_by_name(opened: Opener) -> None:
    """A check by its name; going there selects it."""
    async with opened() as session:
        await session.press("colon", *"check gateway")
        await session.until(lambda: session.shows("Check gateway-http"))
        await session.press("enter")
        await session.until(lambda: session.app.current_mode == "checks")
        await session.until(lambda: session.app.situation().check is not None)
        check = session.app.situation().check
        assert check is not None
        assert check.name == "gateway-http"


async def test_ctrl_p_opens_the_palette_which_says_what_cannot_be_done(opened: Opener) -> None:
    """With the reason, as everywhere."""
    async with opened(size=(120, 40)) as session:
        await session.press("ctrl+p", *"un-ack")
        await session.until(lambda: session.shows("Not now: nobody has acknowledged it"))


async def test_help_tells_the_keys_of_the_place(opened: Opener) -> None:
    """And what cannot be done now, and why."""
    async with opened(size=(120, 50)) as session:
        await session.press("question_mark")
        await session.until(lambda: isinstance(session.app.screen, HelpScreen))
        assert session.shows("Incidents: keys", "nothing to undo", "Signs", "Filters")
        await session.press("escape", "3", "question_mark")
        await session.until(lambda: session.shows("Checks: keys", "Run the selected check"))


async def test_number_keys_jump_between_the_modes(opened: Opener) -> None:
    """Each keeps its own selection."""
    async with opened() as session:
        for key, mode in zip(
            "12345", ("overview", "incidents", "checks", "silences", "sla"), strict=True
        ):
            await session.press(key)
            await session.until(lambda mode=mode: session.app.current_mode == mode)
        await session.press("2")
        assert session.selected == WORST


async def test_a_key_of_another_place_says_where_it_belongs(opened: Opener) -> None:
    """r means nothing among the checks."""
    async with opened() as session:
        await session.press("3", "r")
        await session.until(lambda: "has no meaning here" in session.toasts())


async def test_x_runs_a_check_and_ends_a_silence(opened: Opener) -> None:
    """The same key for what is most wanted in each place."""
    async with opened() as session:
        await session.press("3", "x")
        await session.until(lambda: "Asked for a run of checkout-http" in session.toasts())
        await session.press("4", "x")
        await session.until(lambda: "Ended the silence" in session.toasts())
        await session.press("z")
        await session.until(lambda: "Undone. Silenced" in session.toasts())
        assert session.fake.bodies[-1]["matchers"] == ['service="mailer"', 'env=~"prod|stage"']


async def test_enter_opens_the_whole_story_and_escape_goes_back(opened: Opener) -> None:
    """Timeline and deliveries come from the daemon."""
    async with opened(size=(200, 60)) as session:
        await session.press("enter")
        await session.until(
            lambda: session.shows("Timeline", "both backends are gone", "greylisted")
        )
        assert session.shows("level 2 of 3 tells ana, mail", "GBP 840.00", "wiki.example.org")
        await session.press("a")
        await session.until(lambda: session.shows("✓ ana"))
        await session.press("escape")
        assert session.selected == WORST


async def test_the_selection_stays_with_its_incident_while_rows_move(opened: Opener) -> None:
    """A worse one arrives above; the finger is still on the same incident."""
    async with opened() as session:
        await session.press("down")
        assert session.selected == SECOND
        worse = estate.checkout()
        worse.id, worse.title, worse.fired_at = "01JD0AAA", "and now this", estate.ago(estate.HOUR)
        session.fake.add(worse)
        await session.until(lambda: session.shows("and now this"))
        assert session.selected == SECOND
        await session.press("a")
        await session.until(lambda: "Acknowledged" in session.toasts())
        assert ("POST", f"/api/v1/incidents/{SECOND}/ack") in session.fake.requests


async def test_a_row_that_vanishes_takes_the_selection_with_it(opened: Opener) -> None:
    """On the overview a resolved incident leaves; a must not hit its neighbour."""
    async with opened() as session:
        await session.press("1")
        await session.until(lambda: session.selected == WORST)
        session.fake.change(WORST, state="resolved", resolved_at=estate.ago(0))
        await session.until(lambda: session.selected is None)
        await session.press("a")
        await session.until(lambda: "no incident is selected" in session.toasts())
        assert not session.fake.bodies


async def test_a_new_loud_incident_rings_and_says_so(opened: Opener) -> None:
    """Wherever one is, without moving the cursor."""
    async with opened(estate.quiet()) as session:
        session.fake.add(estate.checkout())
        await session.until(lambda: "New: emergency" in session.toasts())
        assert session.app.current_mode == "overview"
        await session.press("w")
        await session.until(lambda: session.selected == WORST)


async def test_a_lost_daemon_leaves_a_stale_picture_that_says_so(
    opened: Opener, clock: Clock
) -> None:
    """The age is shown, keys that write say why not, and it comes back by itself."""
    async with opened() as session:
        await session.fake.stop()
        await session.until(lambda: session.shows("STALE", "the picture of 10:11:05"))
        clock.at += 12_000
        session.app._tick()
        await session.until(lambda: session.shows("12s old"))
        await session.press("a")
        await session.until(lambda: "there is no link" in session.toasts())
        session.fake.state.incidents = [estate.orders()]
        session.fake.state.seq = 500
        await session.fake.start()
        await session.until(lambda: session.app.link.live)
        await session.until(lambda: not session.shows("STALE"))
        await session.until(lambda: session.shows("● live"))


async def test_without_a_daemon_it_waits_and_says_how_to_start_one(
    opened: Opener, tmp_path: object
) -> None:
    """The first start may come before the daemon's."""
    async with opened() as session:
        session.app.mirror.loaded = False
        session.app.mirror.heard_at = None
        await session.fake.stop()
        await session.until(lambda: session.shows("NOT CONNECTED"))


async def test_the_daemons_own_troubles_are_told(opened: Opener) -> None:
    """A refused configuration must not be found out from a log a week later."""
    async with opened() as session:
        info = estate.daemon()
        info.reload_error = "config.toml:12: no channel is called ops-slak"
        info.problems = ["the database is full"]
        session.fake.publish("daemon", info)
        await session.until(lambda: session.shows("DAEMON  the configuration was not reloaded"))
        assert session.shows("and 1 more")
        session.fake.publish("daemon", estate.daemon())
        await session.until(lambda: not session.shows("DAEMON"))


async def test_a_reset_reads_the_state_anew(opened: Opener) -> None:
    """Events were missed: the whole picture is fetched, the stream goes on."""
    from daemon.api.schema import Reset

    async with opened() as session:
        session.fake.state.incidents[0].title = "changed while nobody looked"
        session.fake.state.seq = 900
        session.fake.publish("reset", Reset(seq=900, reason="too old"), seq=900)
        await session.until(lambda: session.shows("changed while nobody"))
        session.fake.change(SECOND, title="and an event after it")
        await session.until(lambda: session.shows("and an event after"))


async def test_a_row_may_leave_the_mirror_before_its_list_is_told(opened: Opener) -> None:
    """The clock ticks between a new state and its paint: no list trips over what is gone."""
    async with opened(size=(200, 60)) as session:
        for key in "12345":
            await session.press(key)
            empty = estate.quiet()
            empty.checks, empty.services, empty.slas = [], [], []
            session.app.mirror.incidents.clear()
            session.app.mirror.load(empty, estate.NOW)
            session.app._tick()
            await session.pilot.pause()
            assert session.app.is_running
            session.app.mirror.load(estate.state(), estate.NOW)
            session.app.changed()
            await session.pilot.pause()


async def test_markup_and_escape_sequences_stay_text(opened: Opener) -> None:
    """On rows, in details, in toasts and in the palette."""
    state = estate.state()
    state.incidents[-1].title = "[red]x[/] \x1b[31m[/b]"
    async with opened(state, size=(120, 40)) as session:
        assert session.shows("[red]x[/] ·[31m[/b]")
        await session.press("a")
        await session.until(lambda: "[red]x[/] ·[31m[/b]" in session.toasts())
        await session.press("colon", *"red")
        await session.until(lambda: session.shows("Incident checkout: [red]x[/]"))


async def test_the_five_figures_are_on_every_screen(opened: Opener) -> None:
    """Link and age, severities, who is on call, the next step, the clock."""
    async with opened() as session:
        for size in ((80, 24), (120, 40), (200, 60)):
            await session.pilot.resize_terminal(*size)
            for key in "123456":
                await session.press(key)
                assert session.shows("● live", "1 emerg", "0:48", "10:11:05"), (size, key)
                assert any(map(session.shows, ("primary ana", "ana +1", "all covered")))


@pytest.mark.parametrize(
    "size",
    [(20, 5), (1, 1), *(pytest.param(s, marks=SLOW) for s in ((30, 8), (50, 12), (300, 100)))],
)
async def test_odd_windows_are_borne(opened: Opener, size: tuple[int, int]) -> None:
    """Nothing falls over in a window nobody would use."""
    async with opened(size=size) as session:
        await session.press(
            "1", "2", "enter", "escape", "3", "4", "5", "6", "question_mark", "escape"
        )
        assert session.app.is_running


async def test_the_theme_can_be_switched(opened: Opener) -> None:
    """T toggles; lines take the other palette."""
    async with opened() as session:
        await session.press("T")
        assert session.app.desk.palette.name == "tocsin-light"
        await session.press("T")
        assert session.app.desk.palette.name == "tocsin-dark"


async def test_no_color_leaves_only_weight_and_reverse(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing on the screen has a colour, the cursor is reversed, words and glyphs stay."""
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(colour=False) as session:
        assert session.shows("▲ emergency", "◆ critical")
        rows = session.app.screen.query_one("#list", VirtualList)
        assert rows.look(0).reverse
        background = session.app.screen.styles.background
        coloured = [
            segment.text
            for strip in session.app.screen._compositor.render_strips()
            for segment in strip.apply_filter(session.app._filters[-1], background)
            if segment.style is not None and segment.style.color is not None
            and not segment.style.color.is_default
        ]  # fmt: skip
        assert not coloured


async def test_q_leaves(opened: Opener) -> None:
    """And the daemon goes on."""
    async with opened() as session:
        await session.press("q")
        await session.until(lambda: not session.app.is_running)
        assert session.app.return_code == 0


async def test_a_click_selects_a_row_and_a_mode(opened: Opener) -> None:
    """The mouse can do what keys can."""
    async with opened() as session:
        await session.pilot.click("#list", offset=(10, 1))
        assert session.selected == SECOND
        column = session.text().splitlines()[0].index(" 3 ")
        await session.pilot.click("#top", offset=(column + 1, 0))
        await session.until(lambda: session.app.current_mode == "checks")
        await session.pilot.click("#keys", offset=(2, 0))
        await session.until(lambda: "Asked for a run" in session.toasts())


async def test_the_schedules_show_who_is_on_call_until_when_and_who_then(opened: Opener) -> None:
    """And a gap is seen in the list, in the details, in the mode's count."""
    state = estate.state()
    state.daemon.on_call[1].on_call = []
    async with opened(state, size=(120, 40)) as session:
        await session.press("6")
        assert session.shows("6 On call 1", "1 without anybody", "payments", "nobody", "ben", "47m")
        assert session.shows("A gap", "is followed by the next at once")
        await session.press("down")
        assert session.shows("Europe/Berlin", "on call     ana", "then        ben")
        await session.press("slash", *"oncall=ana", "enter")
        assert session.shows("primary")


async def test_without_schedules_it_is_said_how_to_get_one(opened: Opener) -> None:
    """Not an empty screen."""
    state = estate.state()
    state.daemon.on_call = []
    async with opened(state, size=(80, 24)) as session:
        await session.press("6")
        assert session.shows("No schedules", "[schedule.NAME]", "no on-call")


async def test_the_channels_show_how_they_do_those_in_trouble_first(opened: Opener) -> None:
    """And why something waits, and until when."""
    async with opened(size=(120, 40)) as session:
        await session.press("7")
        assert session.shows("7 Channels 2", "2 in trouble", "✕ open", "88%", "480ms", "○ not used")
        rows = [line for line in session.text().splitlines() if "ago" in line]
        assert "ops-slack" in rows[0]
        assert "mail" in rows[1]
        assert session.shows("the breaker is not closed, for 0:22 more", "2 given up", "503")
        await session.press("slash", *"kind=email", "enter")
        assert not session.shows("journal")


async def test_t_sends_a_test_message_over_the_selected_channel(opened: Opener) -> None:
    """After a question, for somebody gets it; the toast says what the receiver said."""
    async with opened() as session:
        await session.press("7", "down", "t", "y")
        await session.until(
            lambda: "mail took the test message in 31ms: 250 kept" in session.toasts()
        )
        assert ("POST", "/api/v1/channels/mail/test") in session.fake.requests
        await session.press("up", "t", "y")
        await session.until(lambda: "ops-slack did not take the test message" in session.toasts())
