"""A table is copied while nobody may write to it.

Do it when nobody writes, or with a tool that copies beside the table. A new index, column or default is done online.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="table-copy",
    severity="lock",
    why="This statement cannot be done in place: the server copies the table with LOCK=SHARED.",
    look=waits("copy", "type", "foreign key", "numbered column", "create index", safe=lambda case: None),
    bad="""op.alter_column("person", "id", existing_type=sa.Integer(), type_=sa.BigInteger(), existing_nullable=False)""",
    good="""op.create_index("ix_person_name", "person", ["name"])""",
    on=("mysql",),
)
