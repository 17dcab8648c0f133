"""Who else is at work on a database: the one that runs revisions, and those that stand in a revision's way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

LONGEST_QUERY = 160


@dataclass(frozen=True)
class Holder:
    """The run that holds the lock of a database.

    token: the same for the same lock and the same session. way_out: how to end a run that hangs.
    """

    token: Hashable
    who: str
    since: datetime | None
    way_out: str

    def __str__(self) -> str:
        return f"{self.who}, since {clock(self.since)}" if self.since else self.who


class Lock(ABC):
    """What one process at a time can have; it is given back when the process ends, however that ends."""

    token: Hashable
    """The same for the same lock and the same session."""

    @abstractmethod
    def take(self) -> bool:
        """Whether it is ours now; returns at once."""

    @abstractmethod
    def holder(self) -> Holder | None:
        """Who has it; None where nobody has it any more."""

    @abstractmethod
    def release(self) -> None:
        """Give it back, if it was ours, and all that was opened for it."""


@dataclass(frozen=True)
class Blocker:
    """A session of a server that others wait for. seconds: how long its transaction has lasted.

    is_sure: whether the server says that it blocks; false where it only may.
    query: its present or last statement; None where the server does not tell. way_to_end: the SQL that ends it.
    """

    id: int
    user: str
    host: str
    seconds: float
    state: str
    query: str | None
    way_to_end: str
    is_sure: bool = True

    def __str__(self) -> str:
        where = f" from {self.host}" if self.host else ""
        query = " ".join((self.query or "").split())
        said = query if len(query) <= LONGEST_QUERY else f"{query[:LONGEST_QUERY]} …"
        blocked = "Blocked by" if self.is_sure else "Perhaps blocked by"
        told = f": {said}" if said else "; the server does not tell its last statement"
        return f"{blocked} process {self.id}, user {self.user}{where}, {self.state} for {duration(self.seconds)}{told}"

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        facts = {"id": self.id, "user": self.user, "host": self.host, "seconds": round(self.seconds, 1)}
        return {**facts, "state": self.state, "query": self.query, "is_sure": self.is_sure}


@dataclass(frozen=True)
class Phase:
    """What a statement is at, in the server's words, and how much of that is done, from 0 to 1."""

    name: str
    fraction: float | None


def clock(when: datetime) -> str:
    """A time of today, or a date and a time."""
    local = when.astimezone()
    return f"{local:%H:%M:%S}" if local.date() == datetime.now(local.tzinfo).date() else f"{local:%Y-%m-%d %H:%M:%S}"


def duration(seconds: float) -> str:
    """About how long."""
    if seconds < 90:
        return f"{max(seconds, 0):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{round(minutes / 60)} h"
