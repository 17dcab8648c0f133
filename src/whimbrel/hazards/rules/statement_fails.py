"""A statement would be refused, whatever is in the tables.

SQLite has no statement for most changes of a column or a constraint: write them in a batch, which builds the table anew.

``with op.batch_alter_table("person") as batch_op: batch_op.alter_column("name", nullable=True)``

And in a text for ``op.execute()`` a colon before a word begins a parameter, as in ``{"a":true}``: write ``\\\\:true``, or give it
a value.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """What was refused when it was written down, or is by the database's own parser."""
    if case.step.is_tried or case.op is not (case.step.operations or (None,))[0]:
        return
    refused = (case.live.dialect.refuses(sql, case.live.sqla_dialect) for sql in case.step.sql)
    why = next((each for each in (case.step.fails, *refused) if each is not None), None)
    if why is not None:
        way_out = case.live.dialect.way_out(Exception(why))
        words = f"{why.split('. ')[0]}; {way_out}" if way_out else why
        yield Found(case.planned.revision.id, words)


rule = Rule(
    code="statement-fails",
    severity="danger",
    why="It is refused before any row is looked at.",
    look=look,
    bad="""op.execute("update person set name = '\\":true' where id = 7")""",
    good="""op.execute("update person set name = '\\"\\\\:true' where id = 7")""",
)
