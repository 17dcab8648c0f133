"""Another type writes the table anew while nobody may use it.

Add a column of the new type, fill it in batches, and let the programs change over; or do it when nobody is there.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="type-rewrite",
    severity="lock",
    why="The table and all its indexes are written anew under ACCESS EXCLUSIVE; some changes are not, and those are not told.",
    look=waits("type", safe=lambda case: None),
    bad="""op.alter_column("person", "id", type_=sa.BigInteger())""",
    good="""op.alter_column("person", "name", type_=sa.Text())""",
    on=("postgresql",),
)
