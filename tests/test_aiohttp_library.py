"""The daemon starts without aiohttp's client, and has it when it is asked for."""

from __future__ import annotations

import subprocess
import sys


def ran(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_daemon_starts_without_the_client_of_the_library_it_serves_with() -> None:
    code = "import sys, daemon.service.app; print([m in sys.modules for m in %r])"
    assert ran(code % (["aiohttp.web", "aiohttp.client"],)) == "[True, False]"


def test_the_client_is_loaded_by_the_first_name_of_it_that_is_asked_for() -> None:
    code = (
        "import daemon.aiohttp_library, aiohttp, sys\n"
        "from aiohttp import web\n"
        "before = 'aiohttp.client' in sys.modules\n"
        "made = aiohttp.ClientTimeout(total=1)\n"
        "from aiohttp import ClientSession, client, web as again\n"
        "print(before, made.total, ClientSession is client.ClientSession, again is web)\n"
        "print(hasattr(aiohttp, 'no_such_thing'), aiohttp.__version__ > '3')"
    )
    assert ran(code).splitlines() == ["False 1 True True", "False True"]


def test_its_version_is_known_without_the_metadata_of_all_packages() -> None:
    code = (
        "import daemon.aiohttp_library, aiohttp, sys; print('importlib.metadata' in sys.modules)\n"
        "from importlib.metadata import version; print(aiohttp.__version__ == version('aiohttp'))"
    )
    assert ran(code).splitlines() == ["False", "True"]


def test_a_library_that_is_loaded_already_is_left_alone() -> None:
    code = "import aiohttp, daemon.aiohttp_library; print(aiohttp.ClientSession.__name__)"
    assert ran(code) == "ClientSession"
