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
class Noticed:
    """Something a person should know that is no error."""

    text: str


@dataclass(frozen=True)
class FileWritten:
    """A file or folder was created."""

    path: str


Event = RevisionStarted | RevisionFinished | Noticed | FileWritten
Listener = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener of a caller that wants to hear nothing."""
