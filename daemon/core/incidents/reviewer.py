"""The review: what has become of an incident after everything that happened to it in a turn.

Its severity, words, mutes and down time follow from the alerts that fire; from how they changed
follows whether it reopens, rests or ends, and who is told of what is graver or new.

It stands in the middle of the desk: after `Intake`, which says what happened (`Touched`), and
before the clocks. Which incident is reviewed when is `daemon.core.incidents.reviews`' to say.
"""

from __future__ import annotations

from daemon.core.alerting import titles
from daemon.core.changing import replace
from daemon.core.chronicle import EntryKind
from daemon.core.incidents import life as incidents
from daemon.core.incidents.casebook import Casebook
from daemon.core.incidents.course import Course
from daemon.core.incidents.life import Happening
from daemon.core.incidents.reviews import Reviews, Touched
from daemon.core.model import ENGINE, Alert, Group, Incident, IncidentState
from daemon.core.oncall import escalation as policy
from daemon.core.plan import DEFAULT_GROUP_WAIT, Plan
from daemon.core.telling import groups
from daemon.core.telling.teller import Teller
from daemon.core.turn import Turn


class Reviewer:
    """Reviews the incidents of a casebook, by what a plan says of acknowledgements."""

    def __init__(
        self, plan: Plan, book: Casebook, teller: Teller, reviews: Reviews, course: Course
    ) -> None:
        self._book = book
        self._teller = teller
        self._holding = teller.holding
        self._reviews = reviews
        self._course = course
        self.replan(plan)

    def replan(self, plan: Plan) -> None:
        """Another configuration: when what was acknowledged reopens."""
        self._plan = plan

    def review(self, before: Incident, what: Touched, turn: Turn) -> None:
        """This happened to the incident since its last review: make of it what it is now."""
        firing = self._book.firing(before)
        turn.spend(5 + len(firing) // 10)
        self._reviews.reviewed(before.key, len(firing), turn.now)
        incident = incidents.reviewed(before, firing, turn.now, what.ended)
        if not firing:
            incidents.after(incident, Happening.CLEAR)
            self._course.resolve(incident, ENGINE, groups.Reason.ALL.value, turn)
            return
        self._course.hold_back(incident, firing, turn)
        if not incident.muted:
            incident = replace(incident, muted=self._holding.why(incident, turn.now))
        if before.muted and not incident.muted:
            incident = replace(incident, unmuted_at=turn.now)
        self._note_differences(before, incident, turn)
        incident = self._hasten(incident, turn)
        ripe = self._holding.ripe(incident, firing, turn.now)
        reason = self._reopens(before, what, ripe)
        if reason:
            self._course.reopen(incident, reason, turn)
            return
        kept = self._course.keep(incident, turn)
        if not kept.muted:
            calls = self._holding.calls(kept, turn.now)
            shown = [a for a in calls if a.key in what.shown]
            self._tell_growth(kept, shown, turn, at_once=what.is_given_back)

    def look_again(self, incident: Incident, firing: list[Alert], turn: Turn) -> None:
        """Review it as if all that fires were news: whoever knows of an alert is not told."""
        what = self._course.touch(incident.key, turn)
        what.shown.update(dict.fromkeys(incident.firing))
        unseen = (alert.key for alert in firing if incidents.is_unseen(incident, alert))
        what.fresh.update(dict.fromkeys(unseen))

    def _note_differences(self, before: Incident, incident: Incident, turn: Turn) -> None:
        if incident.severity is not before.severity:
            text = f"{before.severity.word} to {incident.severity.word}"
            self._book.write(turn, incident, EntryKind.SEVERITY, text)
        if incident.muted and not before.muted:
            self._book.write(turn, incident, EntryKind.MUTED, titles.mutes(incident))
        if before.muted and not incident.muted:
            self._book.write(turn, incident, EntryKind.UNMUTED, "nothing mutes it any more")

    def _hasten(self, incident: Incident, turn: Turn) -> Incident:
        """What is graver waits less, where the wait follows from severity."""
        wait = DEFAULT_GROUP_WAIT[incident.severity]
        for group in self._book.groups_of(incident):
            if group.default_wait and wait < group.wait and group.flushed_at is None:
                self._book.put_group(replace(group, wait=wait), turn)
                steps = incident.escalation
                if steps is not None and self._holding.brings_policy(group, incident):
                    steps = policy.hastened(steps, group.opened_at + wait)
                    incident = replace(incident, escalation=steps)
        return incident

    def _reopens(self, incident: Incident, what: Touched, ripe: list[Alert]) -> str | None:
        """Why an acknowledged incident is more than was taken; None if it is not."""
        if incident.state is not IncidentState.ACKNOWLEDGED:
            return None
        fresh = [alert for alert in ripe if alert.key in what.fresh]
        if not self._plan.ack.reopen_on_new_alert:
            fresh = [alert for alert in fresh if not alert.terms.acknowledgeable]
        if fresh:
            return f"{titles.named(fresh[0])} joined"
        worst = max((alert.effective for alert in ripe), default=incident.severity)
        if worst > incident.severity and self._plan.ack.reopen_on_severity:
            return f"severity rose to {worst.word}"
        return None

    def tell_waiting(self, group: Group, turn: Turn) -> None:
        """The group ticks: tell those whom the policy called of what joined meanwhile."""
        incident = self._book.incidents[group.incident]
        steps = incident.escalation
        step_is_due = steps is not None and steps.next_at is not None and steps.next_at <= turn.now
        if incident.muted or not incident.told or step_is_due:
            return
        if self._holding.brings_policy(group, incident):
            self._tell_news(incident, self._holding.calls(incident, turn.now), turn)

    def _tell_growth(
        self, incident: Incident, shown: list[Alert], turn: Turn, *, at_once: bool
    ) -> None:
        """Tell those whom the policy called of what is graver at once, and of what is new if
        they were not told lately; else the tick of their group does."""
        self._teller.raised(incident, turn)
        if at_once or self._teller.is_calm(incident, turn.now):
            self._tell_news(self._book.incidents[incident.key], shown, turn)

    def _tell_news(self, incident: Incident, shown: list[Alert], turn: Turn) -> None:
        """Tell of what is new. If the policy has nobody left to tell, that starts it over: else
        nobody would be called to it."""
        taken = incident.state is IncidentState.ACKNOWLEDGED
        news = [] if taken else self._teller.caller.news(incident, shown)
        if news:
            self._teller.joined(incident, news, turn)
            self._course.revive(incident.key, f"{titles.named(news[0])} joined", turn)
