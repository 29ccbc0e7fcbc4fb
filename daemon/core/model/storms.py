"""The record of a storm: alerts that a correlation rule makes one incident of.

Its life is decided in `daemon.core.muting.correlate`; which alerts belong to it they say themselves
(`Alert.storm`).
"""

from __future__ import annotations

from daemon.core.model.basics import Instant
from daemon.core.record import record
from daemon.core.severity import Severity


@record(frozen=True, slots=True)
class Storm:
    """Alerts of several conditions that fired within a window. Its key is its name.

    Attributes:
        rule: The correlation rule that found it.
        equal: The values of the rule's `equal` labels that its alerts share.
        lead: The fingerprint of an alert that tells of it: nothing mutes that one.
        incident: The incident that its alerts are in; None until the first of them is in one.
        last_at: When the last alert that joined fired; the window counts from there.
        worst: The gravest that was told without waiting.
        quiet_until: What joins before this, and is no graver, is told then, all at once.
        united: Whether the alerts it began with have gone on in its incident; not before that is
            open.
        takes_in: Whether its rule is as it was, so that what begins to fire may join.
    """

    key: str
    rule: str
    equal: tuple[str, ...]
    lead: str
    incident: str | None
    began_at: Instant
    last_at: Instant
    worst: Severity
    quiet_until: Instant
    united: bool = True
    takes_in: bool = True
