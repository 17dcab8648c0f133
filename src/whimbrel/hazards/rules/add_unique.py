"""A unique constraint or primary key builds its index while nobody may use the table.

Build a unique index ``CONCURRENTLY`` first, and add the constraint ``USING INDEX``.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="unique-build",
    severity="lock",
    why="ADD UNIQUE and ADD PRIMARY KEY hold ACCESS EXCLUSIVE while the index is built.",
    look=waits(
        "unique",
        "primary key",
        "exclude",
        safe=lambda case: "CREATE UNIQUE INDEX CONCURRENTLY …, then ALTER TABLE … ADD CONSTRAINT … UNIQUE USING INDEX …",
    ),
    bad="""op.create_unique_constraint("uq_person", "person", ["id", "name"])""",
    good="""op.create_unique_constraint("uq_pet", "pet", ["person_id"])""",
    on=("postgresql",),
)
