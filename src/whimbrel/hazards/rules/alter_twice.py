"""A table is read or written anew by several statements, where one would do.

PostgreSQL does all that one ALTER TABLE says in a single pass over the rows; and the lock of the first statement is held through
all of them.

Put them into one: ``ALTER TABLE person ALTER id TYPE bigint, ALTER age TYPE bigint``.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...dialects import Effect
from ...plan.effect import effects
from ...plan.step import shown
from ..rule import Case, Found, Rule
from ._lock import duration
from ._sql import statements

TOGETHER = ("type", "volatile default", "numbered column", "generated column", "domain column", "not null", "check")


def look(case: Case) -> Iterator[Found]:
    """The second ALTER TABLE of a revision that goes through all rows of a table, where they take longer than the limit."""
    here = [each for each in effects(case.step, case.live) if is_pass(each)] if statements(case) else []
    if not here:
        return
    before = [each for step in case.earlier if not step.outside for each in effects(step, case.live) if is_pass(each)]
    for each in here:
        same = [other for other in before if other.table == each.table]
        if len(same) != 1 or each.table is None or case.step.outside:
            continue
        time = sum(other.seconds or 0.0 for other in (*same, each))
        if time > case.limit and case.live.has_rows(case.live.known_as(each.table) or each.table):
            name = shown(each.table)
            yield Found(name, f"{name} is gone through twice, in about {duration(time)}: one ALTER TABLE does both at once")


def is_pass(effect: Effect) -> bool:
    """Whether an ALTER TABLE goes through all rows, and could do more on the way."""
    return effect.kind in TOGETHER and effect.work in ("scan", "rewrite")


rule = Rule(
    code="alter-twice",
    severity="lock",
    why="Each ALTER TABLE goes through the rows once, and the lock is held until the last has ended.",
    look=look,
    bad="""op.alter_column("person", "id", type_=sa.BigInteger())
    op.alter_column("person", "age", type_=sa.BigInteger())""",
    good='op.execute("ALTER TABLE person ALTER id TYPE bigint, ALTER age TYPE bigint")',
    on=("postgresql",),
)
