"""SET NOT NULL reads the whole table while nobody may use it.

Add a check as NOT VALID, validate it in a revision of its own, and then set NOT NULL: PostgreSQL takes the check for proof.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="not-null-scan",
    severity="lock",
    why="SET NOT NULL holds ACCESS EXCLUSIVE while it looks at every row, unless a valid check says it already.",
    look=waits(
        "not null",
        safe=lambda case: (
            "ALTER TABLE … ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, then VALIDATE CONSTRAINT in another revision"
        ),
    ),
    bad="""op.execute("UPDATE person SET age = 0 WHERE age IS NULL")
    op.alter_column("person", "age", nullable=False)""",
    good="""op.execute("UPDATE person SET age = 0 WHERE age IS NULL")
    op.execute("ALTER TABLE person ADD CONSTRAINT age_there CHECK (age IS NOT NULL) NOT VALID")""",
    on=("postgresql",),
)
