"""What a run has done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..events import Direction


@dataclass(frozen=True)
class Applied:
    """One revision that ran, and for how many seconds."""

    revision: str
    message: str
    direction: Direction
    seconds: float

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        facts = {"revision": self.revision, "message": self.message, "direction": self.direction}
        return {**facts, "seconds": round(self.seconds, 6)}


@dataclass(frozen=True)
class DatabaseOutcome:
    """What ran on one database ("" is the default one), and which heads were applied before and after."""

    name: str
    url: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    applied: tuple[Applied, ...] = ()

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        facts = {"name": self.name, "url": self.url, "before": list(self.before), "after": list(self.after)}
        return {**facts, "applied": [one.as_data() for one in self.applied]}
