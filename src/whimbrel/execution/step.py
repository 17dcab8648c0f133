"""One revision on its way: what is to be called, what an earlier run has done of it, and how far this one is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..events import Direction
from ..revisions.revision import Revision
from ..revisions.rows import Rows
from .journal import Part
from .run import now


@dataclass(frozen=True)
class Step:
    """A revision that is ready to run, and what the version table says afterwards."""

    revision: Revision
    direction: Direction
    call: Callable[[], Any]
    change: Rows


@dataclass(frozen=True)
class Earlier:
    """What an earlier run of a revision has committed, and its journal entry."""

    entry: int
    done: Sequence[Part]
    any_values: bool = False
    """Whether what ran counts, also where the revision would do it with other values now."""


class Attempt:
    """One try to run some revisions in one transaction."""

    def __init__(self, step: Step) -> None:
        self.step = step
        """The one that is running."""
        self.began = now()
        self.states: list[set[str]] = []
        self.seconds: list[float] = []
