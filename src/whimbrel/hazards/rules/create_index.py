"""An index is built while nobody may write.

Build it ``CONCURRENTLY`` (``postgresql_concurrently=True``), in an ``autocommit_block()``: Whimbrel runs it outside of
the transaction by itself, and repairs an index that was left invalid.
"""

from __future__ import annotations

from ..rule import Case, Rule
from ._lock import waits


def instead(case: Case) -> str:
    """The same, online."""
    is_old = case.effect is not None and case.effect.kind == "reindex"
    return "REINDEX … CONCURRENTLY" if is_old else "op.create_index(…, postgresql_concurrently=True)"


rule = Rule(
    code="index-blocks-writes",
    severity="lock",
    why="CREATE INDEX holds SHARE, and who writes waits for it to end; REINDEX keeps out who reads, too.",
    look=waits("create index", "reindex", safe=instead),
    bad="""op.create_index("ix_person_name", "person", ["name"])""",
    good="""with op.get_context().autocommit_block():
        op.create_index("ix_person_name", "person", ["name"], postgresql_concurrently=True)""",
    on=("postgresql",),
)
