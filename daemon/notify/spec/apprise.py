"""What the configuration says of services that are told over the Apprise library.

The library is an extra of the installation. It is loaded when a channel of this kind is read, so
that a URL which it cannot make anything of is an error of the configuration, not of a page.
"""

from __future__ import annotations

import importlib.util
import logging
import warnings
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from checks.spec import Secret
from daemon.notify.scrub import Scrubber
from daemon.notify.spec.base import ChannelSpec

if TYPE_CHECKING:
    from apprise import NotifyBase

MISSING: Final = (
    "apprise channels need the module apprise, which is not installed:"
    " pip install 'tocsin[apprise]'"
)


def service(url: str) -> NotifyBase:
    """What the library makes of a URL. Nothing is connected.

    Raises:
        ValueError: The library is not installed, or the URL is none that it knows; the message
            does not repeat it.
    """
    if importlib.util.find_spec("apprise") is None:
        raise ValueError(MISSING)
    from apprise import Apprise, AppriseAsset

    log = logging.getLogger("apprise")
    log.propagate = False  # it says what went wrong in its own words; a delivery says it in ours
    log.addHandler(logging.NullHandler())
    asset = AppriseAsset(app_id="Tocsin", app_desc="Tocsin", storage_mode="memory")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what its hundred plugins load, all at first use
            found = Apprise.instantiate(url, asset=asset, suppress_exceptions=False)
    except Exception as error:  # noqa: BLE001  # each plugin raises its own
        words = Scrubber([url, *_parts(url)]).line(str(error), 200)
        raise ValueError(f"Apprise cannot use this {_scheme(url)} URL: {words}") from None
    if found is None:
        raise ValueError(
            f"Apprise does not know this {_scheme(url)} URL, or lacks what it needs for it;"
            " the forms are listed at github.com/caronc/apprise/wiki"
        )
    return found


def _url(url: SecretStr) -> SecretStr:
    service(url.get_secret_value())
    return url


def _scheme(url: str) -> str:
    scheme, found, _ = url.partition("://")
    return f"{scheme}://" if found and scheme.isalnum() and len(scheme) < 20 else "..."


def _parts(url: str) -> list[str]:
    """What of a URL may be a secret: everything between its separators."""
    return url.partition("://")[2].replace("@", "/").replace("?", "/").replace(":", "/").split("/")


class AppriseSpec(ChannelSpec):
    """`kind = "apprise"`: any service whose URL the Apprise library knows.

    Attributes:
        urls: Each is told, and each may be the password of a service.
    """

    kind: Literal["apprise"] = "apprise"
    urls: Annotated[
        tuple[Annotated[Secret, AfterValidator(_url)], ...], Field(min_length=1, max_length=20)
    ]
