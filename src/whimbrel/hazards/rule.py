"""What a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alembic.operations import ops

from ..dialects import Effect
from ..plan.step import Planned, Step, Table, shown, table_of
from .finding import Finding, Severity
from .live import Live

EVERY = ("sqlite", "postgresql", "mysql")


@dataclass(frozen=True)
class Case:
    """One operation of a run, and all that is known around it. limit: seconds that others may wait."""

    live: Live
    planned: Planned
    step: Step
    op: Any
    effect: Effect | None = None
    limit: float = 2.0
    earlier: Sequence[Step] = ()
    """The steps of the same revision before this one."""

    @property
    def table(self) -> Table | None:
        """The table as the database knows it; None where the run makes it, or there is none."""
        found = table_of(self.op)
        return None if found is None else self.live.known_as(found)

    @property
    def is_untouched(self) -> bool:
        """Whether the rows of the table, or the values in question, are still those that the database has now."""
        found = table_of(self.op)
        if self.live.is_uncertain or found is None:
            return not self.live.is_uncertain
        key = self.live.key(found)
        words = about(self.op)
        if words and key in self.live.filled:
            return not any(each in words for each in self.live.filled[key])
        return key not in self.live.written


def about(op: Any) -> str:
    """The columns whose values decide about an operation, among other words, in small letters; "" where any may."""
    match op:
        case ops.AlterColumnOp():
            return str(op.column_name).lower()
        case ops.CreateUniqueConstraintOp() | ops.CreatePrimaryKeyOp() | ops.CreateIndexOp():
            return " ".join(map(str, (*op.columns, *op.kw.values()))).lower()  # with the condition of an index
        case ops.CreateForeignKeyOp():
            return " ".join(op.local_cols).lower()
        case ops.CreateCheckConstraintOp():
            return str(op.condition).lower()
    return ""


Look = Callable[[Case], Iterator["Found"]]


@dataclass(frozen=True)
class Found:
    """What a rule says of one operation; the rest of the finding is known."""

    object: str
    message: str
    safe: str | None = None
    severity: Severity | None = None
    """Where it is another one than that of the rule."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    code: its name, as it is typed. why: in one sentence, for every finding. look: yields what it finds in an operation.
    bad, good: bodies of ``upgrade()`` for a table person (id, name, age) with rows, and pet (id, person_id) without; what
    stands under ``def downgrade():`` in them is the other one. given: statements that are executed before. on: the databases
    that it is about.
    """

    code: str
    severity: Severity
    why: str
    look: Look
    bad: str
    good: str
    on: tuple[str, ...] = EVERY
    is_watched: bool = False
    """Whether it looks again when the operation is about to be executed."""
    gives_way: bool = False
    """Whether it is silent where another rule speaks of the same operation."""
    asks_database: bool = False
    """Whether it may find nothing without a database, however large its tables are."""
    given: tuple[str, ...] = ()
    version: tuple[int, ...] | None = None
    """A version of the server that it is about, where it is not about every one."""

    def findings(self, case: Case) -> Iterator[Finding]:
        """What it finds in one operation."""
        for found in self.look(case):
            yield Finding(
                code=self.code,
                severity=found.severity or self.severity,
                object=found.object,
                message=found.message,
                why=self.why,
                revision=case.planned.revision.id,
                place=case.step.place,
                line=case.step.line,
                safe=found.safe,
            )


def accepted(finding: Finding, reason: str) -> Finding:
    """The same finding, with consent."""
    return replace(finding, accepted=reason)


__all__ = ["EVERY", "Case", "Effect", "Found", "Rule", "accepted", "shown"]
