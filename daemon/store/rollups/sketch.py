"""Percentiles that can be merged: counts in buckets that grow by a fixed ratio.

Bucket i holds the values in (g**(i-1), g**i] with g = (1 + a) / (1 - a); answering with the
bucket's middle, 2 g**i / (g + 1), is off by at most the share a = 1 % of the true value
(DDSketch, Masson et al., VLDB 2019, section 2). Buckets never move, so sketches of minutes
merge into one of hours by adding counts, exactly.

Values are latencies in whole microseconds. A sketch is stored in the shorter of two forms:

- Pairs: for each bucket, in order, how far its index is from the one before and its count, both as
  LEB128 varints. No pair is 0, 0.
- Layers, where most buckets between the first and the last are in use (an hour, a day). A layer is
  0, 0, its first index in two bytes (seven bits of it in each, the low ones first, and the eighth
  bit set), then a digit of the count of each bucket that follows; 0, n stands for n buckets without
  one. The first layer's digits count ones, the second's 128s, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import ceil, log
from operator import add
from typing import Final

RELATIVE_ERROR: Final = 0.01
"""No percentile is further from the true one than this share of it."""

_RATIO: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_PER_BUCKET: Final = 1 / log(_RATIO)


_LAYER: Final = b"\0\0"
"""How a layer begins."""
_BASE: Final = 128
_MORE: Final = 0x80
"""In each byte of a varint but its last."""
_BITS: Final = 0x7F
_ROOM: Final = 64
_FEW: Final = 5
"""So many buckets are never shorter in layers."""


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
            ValueError: The bytes end in the middle of something.
        """
        self.absorb_all([data])

    def absorb_all(self, encoded: Iterable[bytes]) -> None:
        """As `absorb` of each, but faster where there are many: layers are added as a whole.

        Raises:
            ValueError: As `absorb`.
        """
        dense: list[int] = []
        first = 1 << 14
        for data in encoded:
            if data[:2] == _LAYER:
                for power, layer in enumerate(data[2:].split(_LAYER)):
                    first = min(first, _add_layer(dense, layer, _BASE**power))
            else:
                self._absorb_pairs(data)
        found = {index: count for index, count in enumerate(dense[first:], first) if count}
        if self._counts:
            self.merge(_of(found))
        else:
            self._counts = found

    def _absorb_pairs(self, data: bytes) -> None:
        numbers, index = _numbers(data), 0
        if len(numbers) % 2:
            raise ValueError("a sketch ends in the middle of a bucket")
        for step, count in zip(numbers[::2], numbers[1::2], strict=True):
            index += step
            self._counts[index] = self._counts.get(index, 0) + count

    def quantile(self, share: float) -> float | None:
        """The value (microseconds) that `share` of all values do not exceed; None if empty."""
        rank = max(0, ceil(share * self.count) - 1)
        for index in sorted(self._counts):
            rank -= self._counts[index]
            if rank < 0:
                return float(2 * _RATIO**index / (_RATIO + 1)) if index else 1.0
        return None

    def encode(self) -> bytes:
        """The sketch as bytes: two a bucket, or about one where they stand close."""
        buckets = sorted(self._counts.items())
        pairs, before = bytearray(), 0
        for index, count in buckets:
            _put(pairs, index - before)
            _put(pairs, count)
            before = index
        if len(buckets) < _FEW:
            return bytes(pairs)
        layers = bytearray()
        while buckets:
            _put_layer(layers, buckets)
            buckets = [(index, count // _BASE) for index, count in buckets if count >= _BASE]
        return bytes(min(pairs, layers, key=len))

    @classmethod
    def decode(cls, data: bytes) -> Sketch:
        """Read what `encode` wrote.

        Raises:
            ValueError: The bytes end in the middle of a number or a pair.
        """
        sketch = cls()
        sketch.absorb(data)
        return sketch


def _of(counts: dict[int, int]) -> Sketch:
    sketch = Sketch()
    sketch._counts = counts
    return sketch


def _add_layer(dense: list[int], layer: bytes, weight: int) -> int:
    """Add a layer's digits, each so many times, to the counts of all buckets; its first index."""
    if len(layer) < 2:
        raise ValueError("a sketch ends in the middle of an index")
    index = first = layer[0] & _BITS | (layer[1] & _BITS) << 7
    for number, digits in enumerate(layer[2:].split(b"\0")):
        run: Sequence[int] = digits
        if number:
            if not run:
                raise ValueError("a sketch ends in the middle of a gap")
            index, run = index + run[0], run[1:]
        if weight > 1:
            run = [weight * digit for digit in run]
        end = index + len(run)
        if end > len(dense):
            dense += [0] * (end + _ROOM - len(dense))
        dense[index:end] = map(add, dense[index:end], run)
        index = end
    return first


def _put_layer(out: bytearray, buckets: Sequence[tuple[int, int]]) -> None:
    """Add the layer of these buckets' lowest digits."""
    digits = [(index, count % _BASE) for index, count in buckets if count % _BASE]
    at = digits[0][0] if digits else 0
    out += _LAYER + bytes((at & _BITS | _MORE, at >> 7 | _MORE))
    for index, digit in digits:
        while index > at:
            gap = min(index - at, _BITS)
            out += bytes((0, gap))
            at += gap
        out.append(digit)
        at += 1


def _put(out: bytearray, number: int) -> None:
    while number > _BITS:
        out.append(number & _BITS | _MORE)
        number >>= 7
    out.append(number)


def _numbers(data: bytes) -> list[int]:
    numbers, number, shift = [], 0, 0
    for byte in data:
        number |= (byte & _BITS) << shift
        if byte & _MORE:
            shift += 7
        else:
            numbers.append(number)
            number = shift = 0
    if shift:
        raise ValueError("a sketch ends in the middle of a number")
    return numbers
