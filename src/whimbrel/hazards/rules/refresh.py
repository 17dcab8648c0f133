"""A materialized view is filled anew while nobody may read it.

Refresh it ``CONCURRENTLY``, which needs a unique index on it.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="refresh-blocks-reads",
    severity="lock",
    why="REFRESH MATERIALIZED VIEW holds ACCESS EXCLUSIVE until its query has ended.",
    look=waits("refresh", safe=lambda case: "REFRESH MATERIALIZED VIEW CONCURRENTLY …, with a unique index on it"),
    given=("CREATE MATERIALIZED VIEW people AS SELECT id, name FROM person", "CREATE UNIQUE INDEX ON people (id)"),
    bad='op.execute("REFRESH MATERIALIZED VIEW people")',
    good='op.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY people")',
    on=("postgresql",),
)
