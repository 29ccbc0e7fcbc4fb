"""Percentiles that can be merged: counts in buckets that grow by a fixed ratio.

Bucket i holds the values in (g**(i-1), g**i] with g = (1 + a) / (1 - a); answering with the
bucket's middle, 2 g**i / (g + 1), is off by at most the share a = 1 % of the true value
(DDSketch, Masson et al., VLDB 2019, section 2). Buckets never move, so sketches of minutes
merge into one of hours by adding counts, exactly.

Values are latencies in whole microseconds. A sketch is stored as LEB128 varints, in the shorter
of two ways. With pairs: for each bucket, in order, how far its index is from the one before and
its count. As a run, where most buckets between the first and the last are in use (an hour): 0, 0,
the first index, then the count of each bucket that follows; 0, n stands for n empty ones. No pair
is 0, 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil, log
from typing import Final

RELATIVE_ERROR: Final = 0.01
"""No percentile is further from the true one than this share of it."""

_RATIO: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_PER_BUCKET: Final = 1 / log(_RATIO)


def _bucket(value: int) -> int:
    """The bucket of a value; what is below one microsecond counts as one."""
    return ceil(log(value) * _PER_BUCKET) if value > 1 else 0


class Sketch:
    """A distribution of latencies. `Sketch.decode(sketch.encode())` is equal to it."""

    __slots__ = ("_counts",)

    def __init__(self, values: Iterable[int] = ()) -> None:
        self._counts: dict[int, int] = {}
        for value in values:
            self.add(value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self._counts == other._counts

    __hash__ = None  # type: ignore[assignment]  # it changes, so it is no key

    @property
    def count(self) -> int:
        """How many values it has seen."""
        return sum(self._counts.values())

    def add(self, value: int) -> None:
        """Take in a value in microseconds."""
        index = _bucket(value)
        self._counts[index] = self._counts.get(index, 0) + 1

    def merge(self, other: Sketch) -> None:
        """Take in all that the other has seen."""
        for index, count in other._counts.items():
            self._counts[index] = self._counts.get(index, 0) + count

    def absorb(self, data: bytes) -> None:
        """Take in all that an encoded one has seen.

        Raises:
            ValueError: The bytes end in the middle of a number or a pair.
        """
        numbers = _numbers(data)
        if len(numbers) > 2 and numbers[0] == numbers[1] == 0:
            self._absorb_run(numbers)
            return
        if len(numbers) % 2:
            raise ValueError("a sketch ends in the middle of a bucket")
        counts, index = self._counts, 0
        for step, count in zip(numbers[::2], numbers[1::2], strict=True):
            index += step
            counts[index] = counts.get(index, 0) + count

    def _absorb_run(self, numbers: list[int]) -> None:
        counts, index, rest = self._counts, numbers[2], iter(numbers[3:])
        for count in rest:
            if count:
                counts[index] = counts.get(index, 0) + count
                index += 1
            else:
                empty = next(rest, None)
                if empty is None:
                    raise ValueError("a sketch ends in the middle of a gap")
                index += empty

    def quantile(self, share: float) -> float | None:
        """The value (microseconds) that `share` of all values do not exceed; None if empty."""
        rank = max(0, ceil(share * self.count) - 1)
        for index in sorted(self._counts):
            rank -= self._counts[index]
            if rank < 0:
                return float(2 * _RATIO**index / (_RATIO + 1)) if index else 1.0
        return None

    def encode(self) -> bytes:
        """The sketch as bytes: two a bucket, or one where they stand close."""
        pairs, run, before = bytearray(), bytearray(2), -1
        for index in sorted(self._counts):
            count, gap = self._counts[index], index - before - 1
            _put(pairs, index - max(before, 0))
            _put(pairs, count)
            if before < 0:
                _put(run, index)
            elif gap:
                run.append(0)
                _put(run, gap)
            _put(run, count)
            before = index
        return bytes(min(pairs, run, key=len))

    @classmethod
    def decode(cls, data: bytes) -> Sketch:
        """Read what `encode` wrote.

        Raises:
            ValueError: The bytes end in the middle of a number or a pair.
        """
        sketch = cls()
        sketch.absorb(data)
        return sketch


def _put(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def _numbers(data: bytes) -> list[int]:
    numbers, number, shift = [], 0, 0
    for byte in data:
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            numbers.append(number)
            number = shift = 0
    if shift:
        raise ValueError("a sketch ends in the middle of a number")
    return numbers
