"""Something slow follows a statement that locks a table against everybody, in the same transaction.

The lock is held until the revision is committed, through all that comes after it.

Put what is slow into a revision of its own, before the one that locks.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...dialects import Effect
from ...plan.effect import effects
from ...plan.step import shown
from ..rule import Case, Found, Rule
from ._lock import duration


def look(case: Case) -> Iterator[Found]:
    """Work on one table while another one is locked against who reads."""
    slow = case.effect
    if slow is None or slow.table is None or case.step.outside or not slow.seconds or slow.seconds <= case.limit:
        return
    for step in case.earlier:
        for held in effects(step, case.live) if not step.outside else ():
            if is_other(held, slow) and held.table is not None:
                time = duration(slow.seconds)
                yield Found(
                    shown(held.table),
                    f"{shown(held.table)} stays locked for about {time} more, while {shown(slow.table)} is changed",
                )
                return


def is_other(held: Effect, slow: Effect) -> bool:
    """Whether a lock of another table keeps everybody out."""
    return held.blocks == "reads" and held.table != slow.table and held.kind != "create table"


rule = Rule(
    code="slow-after-lock",
    severity="lock",
    why="A lock is held until the transaction ends, whatever comes after it.",
    look=look,
    bad="""op.add_column("pet", sa.Column("nick", sa.String(9)))
    op.create_index("ix_person_name", "person", ["name"])""",
    good="""op.add_column("pet", sa.Column("nick", sa.String(9)))""",
    on=("postgresql",),
)
