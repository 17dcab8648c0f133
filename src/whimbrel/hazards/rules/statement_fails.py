"""A statement would be refused, whatever is in the tables.

SQLite has no statement for most changes of a column or a constraint: write them in a batch, which builds the table anew.

``with op.batch_alter_table("person") as batch_op: batch_op.alter_column("name", nullable=True)``

And in a text for ``op.execute()`` a colon before a word begins a parameter, as in ``{"a":true}``: write ``\\\\:true``, or give it
a value.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from ..._python import parsed
from ...revisions.read import source_of
from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """What was refused when it was written down, or is by the database's own parser."""
    if case.op is not (case.step.operations or (None,))[0]:
        return
    refused = (case.live.dialect.refuses(sql) for sql in case.step.sql)
    why = next((each for each in (case.step.fails, *refused) if each is not None), None)
    if why is not None and not is_tried(case):
        way_out = case.live.dialect.way_out(Exception(why))
        words = f"{why.split('. ')[0]}; {way_out}" if way_out else why
        yield Found(case.planned.revision.id, words)


def is_tried(case: Case) -> bool:
    """Whether the revision goes on where it fails: its line is in a ``try``, or ``with suppress(…)``."""
    number = int((case.step.place or "").rpartition(":")[2] or 0) if case.step.line else 0
    tree = parsed(source_of(case.planned.revision.path) or "")
    tries = (node.body for node in ast.walk(tree) if isinstance(node, (ast.Try, ast.With)) and goes_on_after(node))
    return any(body[0].lineno <= number <= (body[-1].end_lineno or 0) for body in tries)


def goes_on_after(node: ast.Try | ast.With) -> bool:
    """Whether a block catches what goes wrong in it."""
    if isinstance(node, ast.Try):
        return bool(node.handlers)
    return any("suppress" in ast.unparse(item.context_expr) for item in node.items)


rule = Rule(
    code="statement-fails",
    severity="danger",
    why="It is refused before any row is looked at.",
    look=look,
    bad="""op.execute("update person set name = '\\":true' where id = 7")""",
    good="""op.execute("update person set name = '\\"\\\\:true' where id = 7")""",
)
