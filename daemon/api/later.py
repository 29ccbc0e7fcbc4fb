"""Handlers that are loaded with the first request for them.

What most daemons are never asked (reports, the past, figures about history) is a fifth of all that
the program is made of. Such a row of the table names its handler, `reports.keep`, and the module
below `daemon.api.routes` is imported when somebody asks, in a thread, so that the loop goes on.
"""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import cast

from aiohttp import web

from daemon import __version__
from daemon.api.call import Call, Handler
from daemon.api.problems import Busy
from daemon.installed import replaced_by


class Later:
    """A handler by its name."""

    def __init__(self, place: str) -> None:
        self._module, _, self._name = place.partition(".")
        self._handler: Handler | None = None

    async def __call__(self, call: Call) -> web.StreamResponse:
        """As the handler does."""
        handler = self._handler
        if handler is None:
            handler = await asyncio.to_thread(self.load)
        return await handler(call)

    def load(self) -> Handler:
        """The handler itself.

        Raises:
            Busy: Another version was installed over this one, and is to be started first.
        """
        if self._handler is None:
            other = replaced_by()
            if other is not None:
                raise Busy(
                    f"version {other} was installed over {__version__}, which runs; restart it"
                )
            module = import_module(f"daemon.api.routes.{self._module}")
            self._handler = cast("Handler", getattr(module, self._name))
        return self._handler


def summary(handler: Handler) -> str:
    """The first line of its docstring, for which it is loaded."""
    known = handler.load() if isinstance(handler, Later) else handler
    return (known.__doc__ or "").strip().partition("\n")[0]
