"""Routes that no alert can reach: those behind a sibling that takes all they would.

The tree is walked with siblings in order, and the first that matches takes the alert unless it
says `continue`. So a route that stands behind another whose matchers hold whenever its own do is
never asked, and nobody hears what it was written for. That is no error, for the file means
something; it is a warning of `tocsin config check` and in the daemon's log.

Only what is certain is said: every matcher of the earlier route is among those of the later one
(or of the routes around it), holds for a value that is asked for there, or holds always.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from daemon.config.lines import KeyPath
from daemon.config.sources import Document
from daemon.core.labels import Matcher, MatchOp
from daemon.core.plan import RoutePlan

_ANYTHING: Final = ".*"


def warn_of_unreached(document: Document, root: RoutePlan) -> None:
    """Note every route that a sibling before it leaves nothing to."""
    for later, earlier in _unreached(root, ()):
        place = document.place(_key_path(earlier))
        hint = f"write it before the one in {place}, or give that continue = true"
        if _takes_all(earlier):
            message = f"no alert comes to this route: the one in {place} takes every alert"
        else:
            message = f"no alert comes to this route: the one in {place} takes all that match it"
        document.warn(_key_path(later), message, hint)


def _unreached(
    node: RoutePlan, around: tuple[Matcher, ...]
) -> Iterator[tuple[RoutePlan, RoutePlan]]:
    """The routes below a node that are not reached, each with the one that is in its way.

    Args:
        around: The matchers of the routes above, which hold for whatever comes here.
    """
    before: list[RoutePlan] = []
    for child in node.routes:
        known = (*around, *child.match)
        hiding = next((one for one in before if _holds(one.match, known)), None)
        if hiding is not None:
            yield child, hiding
        else:
            yield from _unreached(child, known)
        if not child.continue_:
            before.append(child)


def _holds(matchers: Iterable[Matcher], known: tuple[Matcher, ...]) -> bool:
    """Whether these matchers hold for every alert that matches what is known of it."""
    return all(_always(one) or any(_implies(other, one) for other in known) for one in matchers)


def _implies(known: Matcher, asked: Matcher) -> bool:
    if known == asked:
        return True
    is_exact = known.op is MatchOp.EQUAL and known.name == asked.name
    return is_exact and asked.matches({known.name: known.value})


def _always(matcher: Matcher) -> bool:
    return matcher.op is MatchOp.REGEX and matcher.value == _ANYTHING


def _takes_all(route: RoutePlan) -> bool:
    return all(map(_always, route.match))


def _key_path(route: RoutePlan) -> KeyPath:
    """Where the route with the path `0.1` of the tree stands in the document."""
    return tuple(part for number in route.path.split(".") for part in ("route", int(number)))
