"""What the configuration says of a PagerDuty service."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, SecretStr

from checks.spec import Secret
from daemon.notify.spec.base import Authorities, ChannelSpec, ServiceUrl

_KEY: Final = re.compile(r"[A-Za-z0-9]{32}")


def _routing_key(key: SecretStr) -> SecretStr:
    """Refuse what PagerDuty would refuse, without repeating it."""
    text = key.get_secret_value()
    if _KEY.fullmatch(text) is None:
        raise ValueError(
            "a routing key is the 32 letters and digits that PagerDuty shows as the "
            f'"Integration Key" of an Events API v2 integration; this has {len(text)} characters'
        )
    return key


class PagerDutySpec(ChannelSpec):
    """`kind = "pagerduty"`: events that open, acknowledge and resolve an incident there.

    Attributes:
        api_url: Where events are taken; accounts in the EU have one of their own.
    """

    digests: ClassVar[bool] = False

    kind: Literal["pagerduty"] = "pagerduty"
    routing_key: Annotated[Secret, AfterValidator(_routing_key)]
    api_url: ServiceUrl = "https://events.pagerduty.com/v2/enqueue"
    ca: Authorities | None = None
    verify: bool = True
