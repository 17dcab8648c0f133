"""A table is written anew while nobody may use it.

Do it when nobody is there, or with a tool that copies beside the table.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="table-rewrite",
    severity="lock",
    why="The statement holds ACCESS EXCLUSIVE while it copies the table.",
    look=waits("rewrite", safe=lambda case: None),
    bad="""op.execute("ALTER TABLE person SET UNLOGGED")""",
    good="""op.execute("ALTER TABLE pet SET UNLOGGED")""",
    on=("postgresql",),
)
