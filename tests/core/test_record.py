"""A record is a dataclass to everybody, and a struct underneath."""

from __future__ import annotations

import dataclasses
import gc
import pickle
from collections.abc import Mapping
from dataclasses import field

import msgspec
import pytest

from daemon.core.record import record


@record(frozen=True, slots=True)
class Point:
    """Where something is."""

    x: int
    y: int = 2
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def sum(self) -> int:
        """Both together."""
        return self.x + self.y


def test_a_record_is_made_and_compared_by_its_fields() -> None:
    assert Point(1) == Point(1, 2, {})
    assert Point(1) != Point(2)
    assert Point(1).sum == 3
    assert repr(Point(1)) == "Point(x=1, y=2, names={})"


def test_records_do_not_share_what_each_is_to_have_of_its_own() -> None:
    assert Point(1).names is not Point(1).names


def test_a_record_is_a_dataclass_to_the_module_of_that_name() -> None:
    assert dataclasses.is_dataclass(Point)
    assert dataclasses.replace(Point(1), y=5) == Point(1, 5)
    assert dataclasses.asdict(Point(1)) == {"x": 1, "y": 2, "names": {}}


def test_a_record_never_changes_and_takes_nothing_more() -> None:
    point = Point(1)
    with pytest.raises(AttributeError):
        point.x = 3  # type: ignore[misc]  # that is what is tested
    with pytest.raises(AttributeError):
        setattr(point, "z", 3)  # noqa: B010  # the type checker knows that there is none


def test_a_record_is_read_back_as_it_was_written() -> None:
    point = Point(1, names={"a": "b"})
    assert msgspec.json.decode(msgspec.json.encode(point), type=Point) == point
    assert pickle.loads(pickle.dumps(point)) == point  # noqa: S301  # our own bytes


def test_the_garbage_collector_need_not_look_at_a_record() -> None:
    assert not gc.is_tracked(Point(1))


def test_what_is_more_than_its_fields_is_no_record() -> None:
    with pytest.raises(TypeError, match="frozen"):
        record(frozen=False, slots=True)

    class Base:
        pass

    class Further(Base):
        x: int

    with pytest.raises(TypeError, match="Further is more than its fields"):
        record(frozen=True, slots=True)(Further)


def test_a_field_that_is_not_compared_makes_no_record() -> None:
    class Hidden:
        x: int = field(compare=False)

    with pytest.raises(TypeError, match="Hidden is more than its fields"):
        record(frozen=True, slots=True)(Hidden)
