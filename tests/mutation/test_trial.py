"""A trial runs a module's own tests on the changed module, and ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.operators import Mutant
from tests.mutation.trial import Target, Unfit, fair_cpu_s, outcomes

# A child only runs tests and ends, so the threads of the runner may be left behind.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

TARGET = Target("daemon.core.severity", ("tests/core/test_severity.py",))
FILE = Path("daemon/core/severity.py")


def changed(more: str) -> Mutant:
    """The module with these lines at its end."""
    code = compile(f"{FILE.read_text()}\n{more}\n", str(FILE), "exec")
    return Mutant("module", 0, "added", "", more, code)


def test_what_changes_nothing_survives_and_what_fails_or_never_ends_is_noticed() -> None:
    cpu_s = fair_cpu_s(TARGET, FILE.read_text(), str(FILE))
    added = [changed("x = 1"), changed("del parse_severity"), changed("while True: pass")]
    noticed = {mutant.after: killed for mutant, killed in outcomes(TARGET, added, cpu_s, jobs=2)}
    assert noticed == {"x = 1": False, "del parse_severity": True, "while True: pass": True}


def test_tests_that_fail_without_a_change_cannot_judge() -> None:
    with pytest.raises(Unfit, match="as it is"):
        fair_cpu_s(TARGET, "", str(FILE))


def test_tests_that_do_not_need_the_module_cannot_judge_it() -> None:
    stranger = Target("daemon.core.oncall.escalation", TARGET.tests)
    with pytest.raises(Unfit, match="does not import it"):
        fair_cpu_s(stranger, Path("daemon/core/oncall/escalation.py").read_text(), "escalation.py")
