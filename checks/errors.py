"""What can go wrong in this package, as errors.

    CheckError
    |-- SpecError      a check's configuration cannot work; the operator mends the file
    |-- ProbeError     a run did not find its target well; becomes an `Observation`
    `-- LibraryFault   a part of the program cannot be loaded now; says nothing of any target

`SpecError` leaves the package from `prepare`; the others never do: `checks.prepared.run`
turns them into a result.
"""

from __future__ import annotations

from checks.result import Fault


class CheckError(Exception):
    """The base of this package's errors."""


class SpecError(CheckError):
    """A check is configured in a way that cannot work.

    Attributes:
        field: The key at fault, as a path: `expect[0]`, `tls.ca`, `url`.
        message: What is wrong with it and what to write instead, in one line.
    """

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class ProbeError(CheckError):
    """A run that failed, in an operator's words.

    Attributes:
        fault: What kind of failure it is.
        message: One line that says so. May hold text from the target; `run` scrubs it.
        unknown: Whether nothing can be said of the target (the verdict is then unknown).
    """

    def __init__(self, fault: Fault, message: str, *, unknown: bool = False) -> None:
        super().__init__(message)
        self.fault = fault
        self.message = message
        self.unknown = unknown or fault is Fault.INTERNAL


class LibraryFault(CheckError):
    """A library that is loaded with the first use cannot be: no file can be opened, say."""
