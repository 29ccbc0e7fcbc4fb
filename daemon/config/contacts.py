"""Checks that channels and persons can be reached: fallbacks, contacts and addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.config.cycles import cycles
from daemon.config.duty import PersonSettings
from daemon.config.lines import KeyPath
from daemon.config.problems import did_you_mean
from daemon.notify.spec import ChannelSpec

if TYPE_CHECKING:
    from daemon.config.cross import References


def check_channels(refs: References) -> None:
    """Every fallback exists, can be told by itself, and none leads back."""
    channels = refs.settings.channels
    for name, channel in channels.items():
        path: KeyPath = ("channel", name, "fallback")
        if channel.fallback is None:
            continue
        if refs.refer(path, "channel", channel.fallback) and not channel.takes_address:
            refs.reachable(path, channel.fallback)
    graph = {name: [one.fallback] if one.fallback else [] for name, one in channels.items()}
    for circle in cycles(graph):
        written = " -> ".join((*circle, circle[0]))
        message = f"the channels fall back on each other in a circle: {written}"
        refs.document.problem(("channel", circle[0], "fallback"), message, "end it somewhere")


def check_persons(refs: References) -> None:
    """Every contact is a channel on which that person can be reached."""
    for name, person in refs.settings.persons.items():
        path: KeyPath = ("person", name)
        if not person.contact.high and not person.contact.low:
            hint = 'like contact = { high = ["mail"], low = ["mail"] }'
            refs.document.problem((*path, "contact"), "names no channel", hint)
        for urgency, contacts in (("high", person.contact.high), ("low", person.contact.low)):
            for position, way in enumerate(contacts):
                place = (*path, "contact", urgency, position)
                if refs.refer(place, "channel", way.channel):
                    _reachable(refs, place, person, way.channel)
        _check_addresses(refs, path, person)


def _reachable(refs: References, place: KeyPath, person: PersonSettings, channel: str) -> None:
    spec = refs.settings.channels.get(channel)
    if spec is not None and spec.needs_address and channel not in person.addresses:
        message = f'there is no address of this person for the channel "{channel}"'
        refs.document.problem(place, message, f'add {channel} = "..." to the person')


def _check_addresses(refs: References, path: KeyPath, person: PersonSettings) -> None:
    known = refs.names("channel")
    for key, address in person.addresses.items():
        spec = refs.settings.channels.get(key)
        if key not in known:
            if not refs.document.unread:
                hint = did_you_mean(key, [*known, "contact"], what="channels")
                message = "unknown key: neither contact nor the name of a channel"
                refs.document.problem((*path, key), message, hint)
        elif spec is not None and not spec.takes_address:
            message = f"a channel of kind {spec.kind} takes no address of a person"
            refs.document.problem((*path, key), message, "leave it out")
        elif spec is not None:
            _check_address(refs, (*path, key), spec, address)


def _check_address(refs: References, path: KeyPath, spec: ChannelSpec, address: str) -> None:
    try:
        spec.check_address(address)
    except ValueError as error:
        refs.document.problem(path, str(error))
