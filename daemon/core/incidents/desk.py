"""The desk: what became of alerts, and the order in which its incidents see to that.

The desk is told what became of alerts (`note`), and when muting has had its say it works that
off. `Intake` finds the incident of each alert that began to fire, and marks every incident that
was touched; `Reviewer` then looks at each of those once. Then the desk does what is due:
acknowledgements that expire, looks of groups, steps of policies. What an incident goes through
as a whole, by itself or by an operator, is `Course`'s to do.

A turn has room for so much work; what is left is done in the next, which is due at once
(`is_behind`). Nothing that is due is done before all that happened is seen to.
"""

from __future__ import annotations

from collections import deque

from daemon.core.alerting.alerts import Alerts, Change, fires
from daemon.core.deadlines import soonest
from daemon.core.incidents import life as incidents
from daemon.core.incidents.casebook import Casebook
from daemon.core.incidents.course import Course
from daemon.core.incidents.intake import Intake
from daemon.core.incidents.prompting import Prompter
from daemon.core.incidents.reviewer import Reviewer
from daemon.core.incidents.reviews import Reviews, Touched
from daemon.core.incidents.takeover import Takeover
from daemon.core.model import Instant
from daemon.core.muting.correlate import Correlations
from daemon.core.oncall.succession import Succession
from daemon.core.plan import Plan
from daemon.core.responding.responses import Responses
from daemon.core.telling import groups
from daemon.core.telling.teller import Teller
from daemon.core.turn import Turn


class Desk:
    """The incidents of a plan and what happens to them.

    Attributes:
        book: The records.
        teller: Tells of them.
        course: Moves one of them on.
        takeover: Lets one go on in another.
    """

    def __init__(
        self,
        plan: Plan,
        alerts: Alerts,
        book: Casebook,
        teller: Teller,
        storms: Correlations,
        responses: Responses,
    ) -> None:
        self.book = book
        self.teller = teller
        self._alerts = alerts
        self._responses = responses
        self._holding = teller.holding
        self._changes: deque[Change] = deque()
        self._reviews = Reviews()
        self._steps: dict[str, None] = {}
        self.course = Course(alerts, book, teller, self._reviews)
        self.takeover = Takeover(book, teller.caller, teller.holding)
        self._intake = Intake(
            plan, alerts, book, teller.holding, self.course, storms, self.takeover
        )
        self._reviewer = Reviewer(plan, book, teller, self._reviews, self.course)
        self._succession = Succession(plan, book, self.course)
        self._prompter = Prompter(plan, book, teller)

    @property
    def is_behind(self) -> bool:
        """Whether there is something to be done at once, by `work`."""
        return bool(self._changes or self._steps) or self._reviews.waits

    def next_deadline(self) -> Instant | None:
        """When a large incident that rests is to be reviewed, or what holds one changes."""
        return soonest(self._reviews.next_deadline(), self._holding.next_deadline())

    def replan(self, plan: Plan) -> None:
        """What begins from now on follows this plan; what has begun keeps its routes, policy, as
        far as there is still whom they name (`succeed`)."""
        self._intake.replan(plan)
        self._reviewer.replan(plan)
        self._succession.replan(plan)
        self.teller.replan(plan)
        self._prompter.replan(plan)

    def succeed(self, turn: Turn) -> None:
        """See to the incidents that tell somebody whom the plan does not have."""
        self._succession.settle(turn)

    def note(self, change: Change) -> None:
        """This alert changed; `work` sees to it once its mutes are settled."""
        self._changes.append(change)

    def resume(self, turn: Turn) -> None:
        """After a restart: take up what the process before had not come to. Alerts that fire
        are in an incident, and each incident is what its alerts make it."""
        for alert in list(self._alerts.records.values()):
            if fires(alert) and not alert.dismissed:
                incident = self.book.incidents.get(alert.incident or "")
                if incident is None or not self.book.is_open(incident.key):
                    self.note(Change(None, alert))
                elif alert.key not in self.book.members(incident):
                    self._intake.settle_in(alert, turn)
        for incident in list(self.book.incidents.values()):
            firing = self.book.firing(incident)
            settled = incidents.reviewed(incident, firing, turn.now)
            if self.book.is_open(incident.key) and settled != incident:
                self._reviewer.look_again(incident, firing, turn)

    def work(self, turn: Turn) -> None:
        """Do what there is to do, as much as there is room for in this turn: see to alerts
        that changed, review incidents, and then what is due. Nobody is told on half of it."""
        for key in self._holding.tick(turn.now):
            if self.book.is_open(key):
                incident = self.book.incidents[key]
                self._reviewer.look_again(incident, self.book.firing(incident), turn)
        while self._changes and not turn.is_full:
            turn.spend(2)
            self._see_to(self._changes.popleft(), turn)
        if not self._changes:
            self._intake.unite(turn)
        while not turn.is_full and (ready := self._reviews.take_ready(turn.now)) is not None:
            self._review_if_open(*ready, turn)
        if not (self._changes or self._reviews.waits):
            self._responses.work(turn)  # before it is told, so that what begins is told with it
            self._do_due(turn)
        self._arrange_groups(turn)

    def catch_up(self, key: str, turn: Turn) -> None:
        """Review this incident now, if it waits for that."""
        if self._reviews.is_touched(key):
            self._review_if_open(key, self._reviews.take(key), turn)

    def _see_to(self, change: Change, turn: Turn) -> None:
        before, after = change.before, change.after
        if not fires(before) or (before.dismissed and not after.dismissed):
            if fires(after):
                self._intake.fire(after.key, turn)
        elif fires(after):
            self._intake.go_on(before, after, turn)
        else:
            self._intake.end(before, after, turn)

    def _do_due(self, turn: Turn) -> None:
        """In order: prompts, acknowledgements and their like, looks of groups, then steps."""
        while not turn.is_full and (incident := self.book.due_incident(turn.now)) is not None:
            turn.spend(5)
            if self._prompter.is_due(incident, turn.now):
                self.catch_up(incident.key, turn)
                self._prompter.prompt(incident.key, turn)
            elif incident.resolved_at is not None:
                self.book.drop(incident, turn)
            elif incident.ack_until is not None and incident.ack_until <= turn.now:
                self.course.expire(incident, turn)
            else:
                self._steps[incident.key] = None
        if turn.conditions:
            return  # an alert of lateness may end by them: nobody is told of it before
        while not turn.is_full and (due := self.book.due_group(turn.now)) is not None:
            turn.spend(10)
            self.catch_up(due.incident, turn)
            group = self.book.groups.get(due.key)
            if group is not None:
                self.teller.looks.look(group, turn)
                if groups.ticks(group, turn.now):
                    self._reviewer.tell_waiting(group, turn)
        for key in list(self._steps):
            if turn.is_full:
                return
            turn.spend(20)
            del self._steps[key]
            self.catch_up(key, turn)
            if self.book.is_open(key):
                self.course.run_due(key, turn)

    def _arrange_groups(self, turn: Turn) -> None:
        """Those whom a policy called have been told: what they know now is not to be told again
        by the group whose route brought it."""
        caller = self.teller.caller
        told, caller.remembered = caller.remembered, {}
        for key in filter(self.book.is_open, told):
            incident = self.book.incidents[key]
            for group in self.book.groups_of(incident):
                if self._holding.brings_policy(group, incident):
                    self.teller.looks.arrange(group, turn)

    def _review_if_open(self, key: str, what: Touched, turn: Turn) -> None:
        if self.book.is_open(key):
            incident = self._intake.take_in(self.book.incidents[key], what, turn)
            self._reviewer.review(incident, what, turn)
