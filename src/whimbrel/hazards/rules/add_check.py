"""A new check reads the whole table while nobody may use it.

Add it with ``postgresql_not_valid=True``, and ``VALIDATE CONSTRAINT`` in a revision of its own.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="check-scan",
    severity="lock",
    why="ADD CHECK holds ACCESS EXCLUSIVE while it looks at every row.",
    look=waits(
        "check",
        safe=lambda case: "ALTER TABLE … ADD CONSTRAINT … CHECK (…) NOT VALID, then VALIDATE CONSTRAINT in another revision",
    ),
    bad="""op.create_check_constraint("ck_age", "person", "age < 200")""",
    good="""op.execute("ALTER TABLE person ADD CONSTRAINT ck_age CHECK (age < 200) NOT VALID")""",
    on=("postgresql",),
)
