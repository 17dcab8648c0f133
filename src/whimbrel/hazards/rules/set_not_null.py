"""SET NOT NULL reads the whole table while nobody may use it.

Add a check as NOT VALID, validate it in a revision of its own, and then set NOT NULL: PostgreSQL takes the check for proof.
"""

from __future__ import annotations

from alembic.operations import ops

from ..rule import Case, Rule
from ._lock import waits
from ._safe import check_later, column, of_step


def instead(case: Case) -> str:
    """A check that says the same, before."""
    found = [each for each in case.step.operations if getattr(each, "modify_nullable", None) is False]
    if not found and of_step(case, ops.AddColumnOp) is not None:
        return "the column without NOT NULL, then its values, then NOT NULL with a check before, which another revision validates"
    if not found:
        return "a check (… IS NOT NULL) of the columns first, as NOT VALID, that another revision validates"
    name = "_".join((found[0].table_name, *(each.column_name for each in found), "there"))
    later = check_later(case, found[0], name, " AND ".join(f"{column(case, each.column_name)} IS NOT NULL" for each in found))
    return f"{later}, before this line"


rule = Rule(
    code="not-null-scan",
    severity="lock",
    why="SET NOT NULL holds ACCESS EXCLUSIVE while it looks at every row, unless a valid check says it already.",
    look=waits("not null", safe=instead),
    bad="""op.execute("UPDATE person SET age = 0 WHERE age IS NULL")
    op.alter_column("person", "age", nullable=False)""",
    good="""op.execute("UPDATE person SET age = 0 WHERE age IS NULL")
    op.execute("ALTER TABLE person ADD CONSTRAINT age_there CHECK (age IS NOT NULL) NOT VALID")""",
    on=("postgresql",),
)
