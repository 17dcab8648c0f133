"""A table is copied, or an index is built, while nobody may write to the table.

Do it when nobody writes, or with a tool that copies beside the table. A new index, column or default is done online.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

KINDS = (
    "copy",
    "type",
    "not null",
    "foreign key",
    "primary key",
    "unique",
    "create index",
    "numbered column",
    "rewrite",
)

rule = Rule(
    code="table-copy",
    severity="lock",
    why="The server cannot do it while others write, or the statement itself asks for such a lock.",
    look=waits(*KINDS, safe=lambda case: None),
    bad="""op.alter_column("person", "id", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)""",
    good="""op.create_index("ix_person_name", "person", ["name"])""",
    on=("mysql",),
)
