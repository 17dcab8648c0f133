"""Something slow follows a statement that locks a table against everybody, in the same transaction.

The lock is held until the revision is committed, through all that comes after it.

Put what is slow into a revision of its own, before the one that locks.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.effect import effects
from ...plan.step import shown
from ..rule import Case, Found, Rule
from ._lock import duration, locked


def look(case: Case) -> Iterator[Found]:
    """Work on one table while another one is locked against who reads."""
    slow = case.effect
    if slow is None or slow.table is None or case.step.outside or not slow.seconds or slow.seconds <= case.limit:
        return
    itself = (slow.table, case.live.known_as(slow.table))  # which the revision may have given another name
    for step in case.earlier:
        for held in effects(step, case.live) if not step.outside else ():
            waiting = [each for each in locked(held) if each not in itself and held.blocks == "reads"]
            if waiting:
                names, time = " and ".join(map(shown, waiting)), duration(slow.seconds)
                stay = "stays" if len(waiting) == 1 else "stay"
                message = f"{names} {stay} locked for about {time} more, while {shown(slow.table)} is changed"
                yield Found(shown(waiting[0]), message)
                return


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
