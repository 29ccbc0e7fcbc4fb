"""How a delivery fails. The text is for an operator and free of secrets.

DeliveryError
├── Transient     worth another attempt: no connection, a timeout, 5xx, 429, greylisting
└── Permanent     the same again would fail the same: 4xx, wrong password, no such mailbox
"""

from __future__ import annotations


class DeliveryError(Exception):
    """An attempt to deliver that failed; its text says why."""


class Transient(DeliveryError):
    """It may work later.

    Attributes:
        retry_after_s: How many seconds the receiver asked to be left alone, if it did.
        answered: The receiver is well, only whom it is for was not reached: a line that is busy
            says nothing against the exchange.
    """

    def __init__(
        self, detail: str, retry_after_s: float | None = None, *, answered: bool = False
    ) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s
        self.answered = answered


class Permanent(DeliveryError):
    """It will not work later either, until somebody mends something."""
