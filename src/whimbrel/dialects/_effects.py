"""What a statement does to those who use its table meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal, Protocol

Blocks = Literal["", "writes", "reads"]
Work = Literal["", "scan", "build", "rewrite"]
Basis = Literal["", "measured", "assumed"]
WORSE: tuple[str, ...] = ("", "writes", "reads")
SESSION = "session"
"""The kind of a statement that sets something for those after it."""
HARDER: tuple[str, ...] = ("", "scan", "build", "rewrite")


@dataclass(frozen=True)
class Effect:
    """What one statement locks and does.

    kind: which sort of statement it is. lock: as the server calls it. blocks: whom: nobody, who writes, or who reads as well.
    work: what takes as long as the table is large: reading it, building an index, writing it anew. table: schema and name.
    others: tables that are locked as well. seconds: about how long, None where nobody knows; that rests on a rate, in bytes
    of the table in a second, which was measured on this server, or is assumed.
    """

    kind: str
    table: tuple[str | None, str] | None
    lock: str = ""
    blocks: Blocks = ""
    work: Work = ""
    others: tuple[tuple[str | None, str], ...] = ()
    seconds: float | None = None
    rate: float | None = None
    basis: Basis = ""
    is_proven: bool = False
    """Whether the server was asked, with an empty copy of the table."""

    @property
    def weight(self) -> tuple[int, int]:
        """For comparing: what blocks more and works more."""
        return (WORSE.index(self.blocks) if self.work else 0, HARDER.index(self.work))


def clauses(text: str) -> Iterator[str]:
    """What stands between the commas that are in no parentheses and no quotes."""
    depth, start = 0, 0
    for piece in re.finditer(r"'(?:[^'\\]|''|\\.)*'|\"[^\"]*\"|`[^`]*`|[\[\](),]", text):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(piece.group(), 0)
        if piece.group() == "," and not depth:
            yield text[start : piece.start()]
            start = piece.end()
    yield text[start:]


class Tries(Protocol):
    """Tries statements out on copies."""

    def of(self, statement: str, effect: Effect) -> Effect:
        """The effect as the server says; as it was where that cannot be tried."""
        ...


@contextmanager
def proving(make: Callable[[ExitStack], Tries | None]) -> Iterator[Callable[[str, Effect], Effect]]:
    """Gives what corrects effects. make: called when the first statement is to be tried; None where nothing can be."""
    with ExitStack() as stack:
        found: list[Tries | None] = []

        def prove(statement: str, effect: Effect) -> Effect:
            if not found:
                found.append(make(stack))
            return found[0].of(statement, effect) if found[0] is not None else effect

        yield prove
