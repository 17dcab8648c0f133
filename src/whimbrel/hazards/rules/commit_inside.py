"""A revision begins or ends transactions itself, in SQL or with ``op.get_bind().commit()``.

What was done before is committed, and stays when the revision fails afterwards.

Leave transactions to the run; what needs one of its own is a revision of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..rule import Case, Found, Rule

ENDS = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|START\s+TRANSACTION|END)\b(?!\s+TO\b)", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """BEGIN, COMMIT and ROLLBACK in op.execute, and commit() of the connection."""
    found = ENDS.match(case.step.sql[0]) if case.step.sql else None
    if found:
        word = found[1].upper().split()[0]
        does = "begins nothing: there is" if word in ("BEGIN", "START") else "ends"
        yield Found(case.planned.revision.id, f"{word} {does} the transaction that the revision runs in")


rule = Rule(
    code="transaction-in-revision",
    severity="notice",
    why="What is committed in the middle is not taken back when the rest fails.",
    look=look,
    bad="""op.execute("UPDATE person SET age = 1 WHERE id = 1")
    op.execute("ROLLBACK AND CHAIN")""",
    good="""op.execute("UPDATE person SET age = 1 WHERE id = 1")""",
    on=("sqlite", "postgresql"),
)
