"""A new check reads the whole table while nobody may use it.

Add it with ``postgresql_not_valid=True``, and ``VALIDATE CONSTRAINT`` in a revision of its own.
"""

from __future__ import annotations

from alembic.operations import ops

from ..rule import Case, Rule
from ._lock import waits
from ._safe import check_later, named, of_step


def instead(case: Case) -> str:
    """The same check, which is looked at later."""
    op = of_step(case, ops.CreateCheckConstraintOp)
    if op is None:
        return "the column without the check, then the check as NOT VALID, and VALIDATE CONSTRAINT in another revision"
    return check_later(case, op, named(op, f"ck_{op.table_name}"), str(op.condition))


rule = Rule(
    code="check-scan",
    severity="lock",
    why="ADD CHECK holds ACCESS EXCLUSIVE while it looks at every row.",
    look=waits("check", safe=instead),
    bad="""op.create_check_constraint("ck_age", "person", "age < 200")""",
    good="""op.execute("ALTER TABLE person ADD CONSTRAINT ck_age CHECK (age < 200) NOT VALID")""",
    on=("postgresql",),
)
