"""What a person's name and addresses are replaced by, in texts, records and packed reports.

Wherever the name stands as a word of its own a pseudonym takes its place, and `ERASED` that of an
address. What says which thing a row or a record is (keys, names of services and checks, labels) is
left alone, so a service that is called as the person keeps its history. Of incidents that are open
the person counts among those who were told no more.

It works on values only: on those of a file (`daemon.store.upkeep.forget`) and on those that an
engine and an outbox hold in memory.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final, TypeVar

import msgspec

from daemon.core.chronicle import Notice
from daemon.core.model import Record
from daemon.store.codec import TABLES

_R = TypeVar("_R", bound=Record)

ERASED: Final = "(erased)"
"""What stands for an address."""

IDENTITIES: Final = frozenset(
    [
        *("key", "name", "incident", "service", "services", "source", "fingerprint", "entity"),
        *("channel", "channels", "schedule", "rule", "response", "sla", "check", "checks", "run"),
        *("group", "route", "policy", "organization", "context", "owner", "brought_by", "cause"),
        *("labels", "matchers", "alerts", "firing", "settled", "unreachable"),
        *("state", "severity", "effective", "type", "kind", "action", "status", "category"),
        *("currency", "digest", "label", "form", "file_name", "folder"),
    ]
)
"""Columns, and fields of records, that say which thing it is."""


@dataclass(frozen=True)
class Erasure:
    """A person who is to be forgotten.

    Attributes:
        addresses: Where they were told something.
    """

    name: str
    pseudonym: str
    addresses: tuple[str, ...] = ()

    @property
    def words(self) -> Sequence[str]:
        """All that is replaced."""
        return (self.name, *self.addresses)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted(self.words, key=len, reverse=True)
        words = "|".join(map(re.escape, longest_first))
        return re.compile(rf"(?<![\w.@-])(?:{words})(?![\w@-]|\.\w)")

    def of_text(self, text: str) -> str:
        """The text without the person; JSON stays JSON."""
        if text[:1] in {"{", "["} and text[-1:] in {"}", "]"}:
            try:
                record = json.loads(text)
            except ValueError:
                return self._plain(text)
            after = self._walked(record)
            return (
                text
                if after == record
                else json.dumps(after, ensure_ascii=False, separators=(",", ":"))
            )
        return self._plain(text)

    def of_packed(self, body: bytes) -> bytes:
        """A packed report without the person: its words, never its figures."""
        text = zlib.decompress(body).decode()
        after = self.of_text(text)
        return body if after == text else zlib.compress(after.encode())

    def of_record(self, record: _R) -> _R:
        """A record of the engine without the person; the same one where it does not name them."""
        table = TABLES[type(record)]
        text = str(table.row(record)[-1])
        if not any(word in text for word in self.words):
            return record
        after = self.of_text(text)
        if after == text:
            return record
        made = table.decode(after)
        if type(made) is not type(record):
            raise TypeError(f"{table.name} holds a {type(made).__name__}")  # the codec sees to that
        return made

    def of_notice(self, notice: Notice) -> Notice:
        """What a notice says, without the person; whom it goes to stays."""
        incident = self.of_record(notice.incident)
        alerts = tuple(map(self.of_record, notice.alerts))
        reason = self._plain(notice.reason)
        if incident is notice.incident and alerts == notice.alerts and reason == notice.reason:
            return notice
        return replace(notice, incident=incident, alerts=alerts, reason=reason)

    def _plain(self, text: str) -> str:
        return self._pattern.sub(
            lambda found: self.pseudonym if found[0] == self.name else ERASED, text
        )

    def _walked(self, value: Any) -> Any:
        """A record's value with every text in it changed, but those that say which thing it is."""
        if isinstance(value, str):
            return self._plain(value)
        if isinstance(value, list):
            return [self._walked(one) for one in value]
        if not isinstance(value, dict):
            return value
        value = self._untold(value)
        return {
            field: one if field in IDENTITIES and not _has_records(one) else self._walked(one)
            for field, one in value.items()
        }

    def _untold(self, record: dict[str, Any]) -> dict[str, Any]:
        """Of what is not over, the person is told no end: there is no address any more."""
        told = record.get("told")
        if not isinstance(told, list) or record.get("resolved_at") is not None:
            return record
        mine = {"recipient": self.name}.items()
        left = [one for one in told if not (isinstance(one, dict) and mine <= one.items())]
        return {**record, "told": left}

    def encode(self) -> str:
        """As it is noted while it goes on."""
        return msgspec.json.encode([self.name, self.pseudonym, self.addresses]).decode()

    @classmethod
    def decode(cls, text: str) -> Erasure:
        """What `encode` noted."""
        name, pseudonym, addresses = msgspec.json.decode(
            text, type=tuple[str, str, tuple[str, ...]]
        )
        return cls(name, pseudonym, addresses)


def _has_records(value: Any) -> bool:
    """Whether it is a record, or a list of them (a notice's incident and alerts), whose fields
    are looked at one by one."""
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], dict)
    return isinstance(value, dict) and "key" in value
