"""A table becomes a partition, and is read whole while nobody may use it.

PostgreSQL looks whether its rows belong there. Add a check that says so as ``NOT VALID``, validate it in a revision of its own,
and then attach the table: the check is taken for proof.
"""

from __future__ import annotations

from ..rule import Case, Rule
from ._lock import waits
from ._safe import column, execute, quoted


def instead(case: Case) -> str | None:
    """A check that says what the bounds say, before."""
    if case.effect is None or case.effect.table is None:
        return None
    table = case.effect.table
    added, validated = (
        execute(f"ALTER TABLE {quoted(case, table)} {each}")
        for each in (
            f"ADD CONSTRAINT {column(case, f'{table[1]}_bounds')} CHECK (…) NOT VALID",
            f"VALIDATE CONSTRAINT {column(case, f'{table[1]}_bounds')}",
        )
    )
    return f"{added}, and {validated} in another revision, before this line"


rule = Rule(
    code="attach-scan",
    severity="lock",
    why="ATTACH PARTITION holds ACCESS EXCLUSIVE on the table while it looks at every row.",
    look=waits("attach", safe=instead),
    given=(
        "CREATE TABLE visit (id integer NOT NULL) PARTITION BY RANGE (id)",
        "CREATE TABLE visit_1 (id integer NOT NULL)",
        "CREATE TABLE visit_2 (id integer NOT NULL, CHECK (id >= 100 AND id < 200))",
        "INSERT INTO visit_1 VALUES (1)",
        "INSERT INTO visit_2 VALUES (101)",
    ),
    bad='op.execute("ALTER TABLE visit ATTACH PARTITION visit_1 FOR VALUES FROM (0) TO (100)")',
    good='op.execute("ALTER TABLE visit ATTACH PARTITION visit_2 FOR VALUES FROM (100) TO (200)")',
    on=("postgresql",),
)
