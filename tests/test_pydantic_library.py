"""The daemon uses pydantic without a search for plugins in all that is installed."""

from __future__ import annotations

import subprocess
import sys

USED = """
import sys
import daemon.service.app, pydantic
from checks.spec import Strict
class Model(Strict):
    number: int
print(Model(number=1).number, pydantic.TypeAdapter(int).validate_python("2"))
print("importlib.metadata" in sys.modules)
"""


PLAIN = """
import sys, pydantic
pydantic.TypeAdapter(int).validate_python("2")
print(sys.modules["pydantic.plugin._loader"].get_plugins() is not None)
"""


def said(code: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_models_are_used_and_nobody_is_asked_whether_they_take_part() -> None:
    assert said(USED) == ["1 2", "False"]


def test_it_is_there_that_pydantic_searches() -> None:
    assert said(PLAIN) == ["True"]
