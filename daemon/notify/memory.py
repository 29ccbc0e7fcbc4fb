"""What channels remember over a restart and a reload: small notes, by channel and key.

A note is written with the next transaction, and nobody waits for that: what is lost with a crash
in between is what a channel could lose before, never a notice. Of each channel so many are kept,
the newest.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

MOST: Final = 1_000
"""Notes of one channel."""

Write = Callable[[str, str, str], None]
"""Writes a channel's note under a key; an empty text takes it away."""


class Notes:
    """The notes of one channel."""

    def __init__(self, write: Callable[[str, str], None] = lambda _key, _text: None) -> None:
        self._write = write
        self._notes: OrderedDict[str, str] = OrderedDict()

    def __len__(self) -> int:
        return len(self._notes)

    def load(self, key: str, text: str) -> None:
        """Take in a note that is stored already."""
        self._notes[key] = text

    def get(self, key: str) -> str | None:
        """The note under this key."""
        if key in self._notes:
            self._notes.move_to_end(key)
        return self._notes.get(key)

    def put(self, key: str, text: str) -> None:
        """Note this under the key, in place of what was there."""
        if self._notes.get(key) != text:
            self._notes[key] = text
            self._write(key, text)
        self._notes.move_to_end(key)
        while len(self._notes) > MOST:
            self.drop(next(iter(self._notes)))

    def reword(self, reworded: Callable[[str], str]) -> None:
        """Keep the same notes in other words."""
        for key, text in list(self._notes.items()):
            self.put(key, reworded(text))

    def drop(self, key: str) -> None:
        """Forget what is under the key."""
        if self._notes.pop(key, None) is not None:
            self._write(key, "")


class Memory:
    """The notes of all channels. It outlives the channels, which a reload makes anew."""

    def __init__(self, write: Write = lambda _channel, _key, _text: None) -> None:
        self._write = write
        self._notes: dict[str, Notes] = {}

    def load(self, stored: Iterable[tuple[str, str, str]]) -> None:
        """Take in what is stored: channel, key and text, the oldest first."""
        for channel, key, text in stored:
            self.of(channel).load(key, text)

    def of(self, channel: str) -> Notes:
        """The notes of the channel with this name."""
        if channel not in self._notes:
            self._notes[channel] = Notes(lambda key, text: self._write(channel, key, text))
        return self._notes[channel]

    def reword(self, reworded: Callable[[str], str]) -> None:
        """Keep the same notes in other words."""
        for notes in self._notes.values():
            notes.reword(reworded)
