"""An index is built while nobody may write.

Build it ``CONCURRENTLY`` (``postgresql_concurrently=True``), in an ``autocommit_block()``: Whimbrel runs it outside of
the transaction by itself, and repairs an index that was left invalid.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="index-blocks-writes",
    severity="lock",
    why="CREATE INDEX holds SHARE, and who writes waits for it to end.",
    look=waits("create index", "reindex", safe=lambda case: "op.create_index(…, postgresql_concurrently=True)"),
    bad="""op.create_index("ix_person_name", "person", ["name"])""",
    good="""with op.get_context().autocommit_block():
        op.create_index("ix_person_name", "person", ["name"], postgresql_concurrently=True)""",
    on=("postgresql",),
)
