"""A new column whose default differs from row to row writes the table anew.

Add the column without a default, set the default, and fill the old rows in batches.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="default-rewrite",
    severity="lock",
    why="A default that is not the same for every row, a number or a stored expression has to be written into each.",
    look=waits(
        "volatile default",
        "numbered column",
        "generated column",
        safe=lambda case: "add the column without a default, then op.alter_column(…, server_default=…), then fill in batches",
    ),
    bad="""op.add_column("person", sa.Column("token", sa.String(36), server_default=sa.text("gen_random_uuid()::text")))""",
    good="""op.add_column("person", sa.Column("since", sa.DateTime(), server_default=sa.func.now()))""",
    on=("postgresql",),
)
