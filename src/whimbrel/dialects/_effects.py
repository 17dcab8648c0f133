"""What a statement does to those who use its table meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Blocks = Literal["", "writes", "reads"]
Work = Literal["", "scan", "build", "rewrite"]
WORSE: tuple[str, ...] = ("", "writes", "reads")
HARDER: tuple[str, ...] = ("", "scan", "build", "rewrite")


@dataclass(frozen=True)
class Effect:
    """What one statement locks and does.

    kind: which sort of statement it is. lock: as the server calls it. blocks: whom: nobody, who writes, or who reads as well.
    work: what takes as long as the table is large: reading it, building an index, writing it anew. table: schema and name.
    others: tables that are locked as well. seconds: about how long, None where nobody knows.
    """

    kind: str
    table: tuple[str | None, str] | None
    lock: str = ""
    blocks: Blocks = ""
    work: Work = ""
    others: tuple[tuple[str | None, str], ...] = ()
    seconds: float | None = None
    is_proven: bool = False
    """Whether the server was asked, with an empty copy of the table."""

    @property
    def weight(self) -> tuple[int, int]:
        """For comparing: what blocks more and works more."""
        return (WORSE.index(self.blocks) if self.work else 0, HARDER.index(self.work))
