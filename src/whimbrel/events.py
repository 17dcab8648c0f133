"""What a run tells while it goes.

Core functions call a listener with one of these; a report shows them. A listener must not raise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Direction = Literal["upgrade", "downgrade", "stamp"]


@dataclass(frozen=True)
class RevisionStarted:
    """A revision is about to run on a database ("" is the only or default one)."""

    database: str
    revision: str
    message: str
    direction: Direction


@dataclass(frozen=True)
class RevisionFinished:
    """A revision has run; ``seconds`` is how long it took."""

    database: str
    revision: str
    message: str
    direction: Direction
    seconds: float


@dataclass(frozen=True)
class Progressed:
    """A statement of a revision has been running for so many seconds.

    fraction: how much of its present phase is done, from 0 to 1; None where the server does not tell.
    phase: what the server calls it; "" where it does not tell.
    """

    database: str
    revision: str
    statement: str
    seconds: float
    fraction: float | None = None
    phase: str = ""


@dataclass(frozen=True)
class BackedUp:
    """A database was backed up to a file of so many bytes."""

    database: str
    path: str
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Noticed:
    """Something a person should know that is no error."""

    text: str


@dataclass(frozen=True)
class FileWritten:
    """A file or folder was created."""

    path: str


Event = RevisionStarted | RevisionFinished | Progressed | BackedUp | Noticed | FileWritten
Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener of a caller that wants to hear nothing."""
