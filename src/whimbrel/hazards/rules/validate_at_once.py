"""A constraint is validated in the transaction that added it.

The lock of ADD CONSTRAINT is held until that transaction ends, so that nothing is won by NOT VALID.

Put ``VALIDATE CONSTRAINT`` into a revision of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import shown
from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """VALIDATE after NOT VALID on the same table, in one revision and in its transaction."""
    if case.effect is None or case.effect.kind != "validate" or case.effect.table is None or case.step.outside:
        return
    if any("NOT VALID" in sql.upper() for step in case.earlier if not step.outside for sql in step.sql):
        yield Found(shown(case.effect.table), f"{shown(case.effect.table)} stays locked while its rows are checked")


rule = Rule(
    code="validate-in-same-transaction",
    severity="lock",
    why="The lock of ADD CONSTRAINT … NOT VALID is held until the revision is committed.",
    look=look,
    bad="""op.execute("ALTER TABLE person ADD CONSTRAINT ck_id CHECK (id > 0) NOT VALID")
    op.execute("ALTER TABLE person VALIDATE CONSTRAINT ck_id")""",
    good="""op.execute("ALTER TABLE person ADD CONSTRAINT ck_id CHECK (id > 0) NOT VALID")""",
    on=("postgresql",),
)
