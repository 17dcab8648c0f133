"""A new foreign key reads both tables while nobody may write to them.

Add it with ``postgresql_not_valid=True``, and ``VALIDATE CONSTRAINT`` in a revision of its own.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="foreign-key-scan",
    severity="lock",
    why="ADD FOREIGN KEY holds SHARE ROW EXCLUSIVE on both tables while it looks at every row.",
    look=waits(
        "foreign key",
        safe=lambda case: "op.create_foreign_key(…, postgresql_not_valid=True), then VALIDATE CONSTRAINT in another revision",
    ),
    bad="""op.execute("UPDATE person SET age = 1")
    op.create_foreign_key("fk_person_age", "person", "person", ["age"], ["id"])""",
    good="""op.create_foreign_key("fk_pet_person", "pet", "person", ["person_id"], ["id"], postgresql_not_valid=True)""",
    on=("postgresql",),
)
