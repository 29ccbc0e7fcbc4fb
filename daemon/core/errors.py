"""What the engine may refuse. A refused command has changed nothing.

Refusal
├── NotFound      no such incident, alert, silence or check
├── Conflict      it changed since the operator looked (HTTP 412)
├── NotAllowed    the state or the configuration forbids it (HTTP 409)
└── Invalid       the command makes no sense (HTTP 422)
"""

from __future__ import annotations


class Refusal(Exception):
    """A command that was not carried out; its text is for the operator."""


class NotFound(Refusal):
    """There is nothing with that id."""


class Conflict(Refusal):
    """Somebody else changed it in the meantime."""


class NotAllowed(Refusal):
    """Its present state, or the configuration, does not allow this."""


class Invalid(Refusal):
    """What was asked contradicts itself."""
