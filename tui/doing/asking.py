"""The asking: what a deed needs to know before it is done, and the prompts that find out.

For each writing action of the registry: which prompt comes first, if any, and which deed
follows from the answer. It names every action that writes; a test holds that.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from daemon.api.schema import ChannelView, IncidentView, ScheduleView
from daemon.client import ClientError
from daemon.core.labels import Matcher, MatchOp, match_all
from tui.doing.actions import Situation
from tui.doing.asking_sla import AskingSla
from tui.doing.deeds import Done, called
from tui.mirror import Mirror
from tui.screens.choosing import ChoicePrompt
from tui.screens.persons import AssignAnswer, AssignPrompt
from tui.screens.prompts import (
    AckAnswer,
    AckPrompt,
    Confirm,
    NotePrompt,
    SilenceAnswer,
    SilencePrompt,
    SnoozeAnswer,
    SnoozePrompt,
)
from tui.screens.standing_in import OverrideAnswer, OverridePrompt
from tui.screens.upkeep import MaintenanceAnswer, MaintenancePrompt
from tui.screens.working import (
    MergePrompt,
    OpenAnswer,
    OpenPrompt,
    RoleAnswer,
    RolePrompt,
    UpdateAnswer,
    UpdatePrompt,
)
from tui.showing.figures import called as spoken
from tui.showing.figures import shared_labels
from tui.showing.responding import choices, none_words, question
from tui.showing.working import survivors

if TYPE_CHECKING:
    from tui.app import Dashboard

Deed = Coroutine[Any, Any, Done]


class Asking:
    """Asks the operator on behalf of the app."""

    def __init__(self, app: Dashboard) -> None:
        self._app = app
        self.sla = AskingSla(app)

    async def deed(self, action: str, situation: Situation) -> Deed | None:
        """The deed that an action comes to; None when the operator thinks better of it."""
        deeds, incident = self._app.deeds, situation.incident
        match action:
            case "ack" if incident is not None:
                return deeds.ack(incident)
            case "unack" if incident is not None:
                return deeds.unack(incident)
            case "expire" if situation.silence is not None:
                return deeds.expire(situation.silence)
            case "run" if situation.check is not None:
                return deeds.run(situation.check.name)
            case "test" if situation.channel is not None:
                return await self._test(situation.channel)
            case "silence":
                return await self._silence(situation)
            case "maintenance":
                return await self._maintenance(situation)
            case "open":
                return await self._open(situation)
            case "exclude" | "sla_note" | "withdraw" if situation.sla is not None:
                return await self.sla.deed(action, situation.sla)
            case "override" if situation.schedule is not None:
                return await self._override(situation.schedule)
            case _ if incident is not None:
                return await self._about(action, incident)
        raise LookupError(f"action {action!r} comes to no deed here")

    async def _about(self, action: str, incident: IncidentView) -> Deed | None:
        deeds = self._app.deeds
        match action:
            case "ack_with":
                answer = await self._app.push_screen_wait(AckPrompt(called(incident)))
                if isinstance(answer, AckAnswer):
                    return deeds.ack(incident, answer.comment, answer.for_ms)
            case "snooze":
                answer = await self._app.push_screen_wait(SnoozePrompt(called(incident)))
                if isinstance(answer, SnoozeAnswer):
                    return deeds.snooze(incident, answer.comment, answer.for_ms)
            case "assign":
                return await self._assign(incident)
            case "respond":
                return await self._respond(incident)
            case "role":
                return await self._role(incident)
            case "merge":
                return await self._merge(incident)
            case "update":
                said = await self._app.push_screen_wait(UpdatePrompt(called(incident)))
                if isinstance(said, UpdateAnswer):
                    return deeds.update(incident, said.text, said.next_in_ms)
            case "note":
                text = await self._app.push_screen_wait(NotePrompt(called(incident)))
                if isinstance(text, str):
                    return deeds.note(incident, text)
            case "resolve":
                if await self._app.push_screen_wait(_resolve_question(incident)):
                    return deeds.resolve(incident)
            case "escalate":
                daemon = self._app.mirror.daemon
                on_call = daemon.on_call if daemon else []
                if await self._app.push_screen_wait(_escalate_question(incident, on_call)):
                    return deeds.escalate(incident)
            case _:
                raise LookupError(f"action {action!r} comes to no deed")
        return None

    async def _assign(self, incident: IncidentView) -> Deed | None:
        try:
            names = await self._app.deeds.persons()
        except ClientError as error:
            self._app.say(str(error), "Not done", "error")
            return None
        daemon = self._app.mirror.daemon
        on_call = {name for one in daemon.on_call for name in one.on_call} if daemon else set()
        prompt = AssignPrompt(called(incident), names, on_call, incident.assigned_to)
        answer = await self._app.push_screen_wait(prompt)
        if not isinstance(answer, AssignAnswer):
            return None
        return self._app.deeds.assign(incident, answer.to, answer.comment)

    async def _respond(self, incident: IncidentView) -> Deed | None:
        """What may be asked of responses here, then whether it is meant."""
        try:
            responses = await self._app.deeds.responses()
        except ClientError as error:
            self._app.say(str(error), "Not done", "error")
            return None
        offered = choices(self._app.mirror, incident, responses)
        if not offered:
            self._app.say(f"respond: {none_words(len(responses))}", severity="warning")
            return None
        choice = await self._app.push_screen_wait(ChoicePrompt(called(incident), offered))
        if choice is None:
            return None
        if not await self._app.push_screen_wait(Confirm(*question(choice, called(incident)))):
            return None
        return self._app.deeds.respond(incident, choice)

    async def _open(self, situation: Situation) -> Deed | None:
        """The service that is selected is offered."""
        chosen = situation.service.name if situation.service is not None else None
        if situation.check is not None:
            chosen = situation.check.service
        prompt = OpenPrompt(list(self._app.mirror.services), chosen)
        answer = await self._app.push_screen_wait(prompt)
        if not isinstance(answer, OpenAnswer):
            return None
        return self._app.deeds.open(answer.title, answer.service, answer.severity)

    async def _role(self, incident: IncidentView) -> Deed | None:
        try:
            names = await self._app.deeds.persons()
        except ClientError as error:
            self._app.say(str(error), "Not done", "error")
            return None
        prompt = RolePrompt(called(incident), names, incident.roles)
        answer = await self._app.push_screen_wait(prompt)
        if not isinstance(answer, RoleAnswer):
            return None
        return self._app.deeds.set_role(incident, answer.role, answer.to)

    async def _merge(self, incident: IncidentView) -> Deed | None:
        """Into which, then whether it is meant."""
        offered = survivors(self._app.mirror, incident)
        if not offered:
            self._app.say("merge: no other incident is open", severity="warning")
            return None
        into = await self._app.push_screen_wait(MergePrompt(called(incident), offered))
        if into is None or not await self._app.push_screen_wait(_merge_question(incident, into)):
            return None
        return self._app.deeds.merge(incident, into)

    async def _override(self, schedule: ScheduleView) -> Deed | None:
        try:
            names = await self._app.deeds.persons()
        except ClientError as error:
            self._app.say(str(error), "Not done", "error")
            return None
        prompt = OverridePrompt(schedule.name, names, schedule.on_call)
        answer = await self._app.push_screen_wait(prompt)
        if not isinstance(answer, OverrideAnswer):
            return None
        return self._app.deeds.override(
            schedule.name, answer.person, answer.for_ms, answer.replaces, answer.comment
        )

    async def _test(self, channel: ChannelView) -> Deed | None:
        """Whoever the channel tells by itself gets it, so it is asked for first."""
        question = Confirm(
            f"Send a test message over {channel.name}?",
            "It says that nothing is wrong. Whoever the channel tells by itself gets it.",
            "Send",
        )
        if not await self._app.push_screen_wait(question):
            return None
        return self._app.deeds.test(channel.name)

    async def _silence(self, situation: Situation) -> Deed | None:
        mirror = self._app.mirror
        prompt = SilencePrompt(
            suggested(mirror, situation), lambda matchers: muted_by(mirror, matchers)
        )
        answer = await self._app.push_screen_wait(prompt)
        if not isinstance(answer, SilenceAnswer):
            return None
        return self._app.deeds.silence(answer.matchers, answer.for_ms, answer.comment)

    async def _maintenance(self, situation: Situation) -> Deed | None:
        """The service that is selected is offered."""
        mirror = self._app.mirror
        prompt = MaintenancePrompt(
            sorted(mirror.services),
            service_of(situation),
            lambda services: covered_by(mirror, services),
        )
        answer = await self._app.push_screen_wait(prompt)
        if not isinstance(answer, MaintenanceAnswer):
            return None
        return self._app.deeds.begin_maintenance(
            answer.name, answer.services, answer.for_ms, answer.reason
        )


def service_of(situation: Situation) -> str | None:
    """The service of what is selected."""
    if situation.incident is not None:
        return situation.incident.service
    if situation.check is not None:
        return situation.check.service
    return situation.service.name if situation.service is not None else None


def covered_by(mirror: Mirror, services: Sequence[str]) -> tuple[int, int]:
    """How many of the firing alerts are of these services, and how many fire."""
    firing = [alert for alert in mirror.alerts.values() if alert.state == "firing"]
    return sum(alert.labels.get("service") in services for alert in firing), len(firing)


def suggested(mirror: Mirror, situation: Situation) -> list[Matcher]:
    """What a silence would match where the operator stands; nothing when that is unclear."""
    labels: dict[str, str] = {}
    if situation.incident is not None:
        shared = shared_labels(mirror, situation.incident)
        wanted = ("alertname", "check", "service")
        labels = {name: shared[name] for name in wanted if name in shared} or shared
    elif situation.check is not None:
        labels = {"check": situation.check.name}
    elif situation.service is not None:
        labels = {"service": situation.service.name}
    return [Matcher(name, MatchOp.EQUAL, value) for name, value in labels.items()]


def muted_by(mirror: Mirror, matchers: Sequence[Matcher]) -> tuple[int, int]:
    """How many of the firing alerts the matchers would mute, and how many fire."""
    firing = [alert for alert in mirror.alerts.values() if alert.state == "firing"]
    return sum(match_all(matchers, alert.labels) for alert in firing), len(firing)


def _resolve_question(incident: IncidentView) -> Confirm:
    return Confirm(
        f"Resolve {called(incident)}?",
        "Everybody who was told that it fires is told that it is over. This cannot be undone.",
        "Resolve",
    )


def _merge_question(incident: IncidentView, into: IncidentView) -> Confirm:
    return Confirm(
        f"Merge {called(incident)} into {called(into)}?",
        "Its alerts move there and it ends. Whoever was told of it is told where it went.",
        "Merge",
    )


def _escalate_question(incident: IncidentView, on_call: Sequence[ScheduleView]) -> Confirm:
    told = incident.escalation.next_notify if incident.escalation is not None else []
    whom = ", ".join(spoken(one, on_call) for one in told) or "the next level"
    return Confirm(
        f"Escalate {called(incident)} now?",
        f"This tells {whom} at once. A message that is out cannot be taken back.",
        "Escalate",
    )
