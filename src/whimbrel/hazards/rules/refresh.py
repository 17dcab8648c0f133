"""A materialized view is filled anew while nobody may read it.

Refresh it ``CONCURRENTLY``, which needs a unique index on it.
"""

from __future__ import annotations

from ..rule import Case, Rule
from ._lock import waits
from ._safe import execute, quoted


def instead(case: Case) -> str | None:
    """The same, while others read."""
    if case.effect is None or case.effect.table is None:
        return None
    safe = execute(f"REFRESH MATERIALIZED VIEW CONCURRENTLY {quoted(case, case.effect.table)}")
    return f"{safe}, with a unique index on it"


rule = Rule(
    code="refresh-blocks-reads",
    severity="lock",
    why="REFRESH MATERIALIZED VIEW holds ACCESS EXCLUSIVE until its query has ended.",
    look=waits("refresh", safe=instead),
    given=("CREATE MATERIALIZED VIEW people AS SELECT id, name FROM person", "CREATE UNIQUE INDEX ON people (id)"),
    bad='op.execute("REFRESH MATERIALIZED VIEW people")',
    good='op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY people")',
    on=("postgresql",),
)
