"""A foreign key in the definition of a column, which MySQL reads and forgets.

MySQL, and MariaDB before 10.5, take ``REFERENCES`` there and make no foreign key of it: nothing keeps rows from pointing to
nothing, and nobody is told.

Add the key as ``FOREIGN KEY (…) REFERENCES …``, or with ``op.create_foreign_key()``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dialects import clauses
from ...plan.step import shown, table_of
from ..rule import Case, Found, Rule
from ._sql import statements

INLINE = re.compile(r"(?!.*\bFOREIGN KEY\b).*\bREFERENCES\b", re.IGNORECASE)
BODY = re.compile(r"CREATE .*?TABLE [^(]*\((.*)\)", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """ALTER TABLE and CREATE TABLE in the words of SQL."""
    table = table_of(case.op) if case.op is not None else None
    if table is None or not case.live.dialect.ignores_references(case.live):
        return
    for statement in statements(case):
        made = BODY.match(statement)
        listed = clauses(made[1]) if made else clauses(statement) if statement.upper().startswith("ALTER") else ()
        if any(map(INLINE.match, listed)):
            yield Found(shown(table), f"REFERENCES in the definition of a column of {shown(table)} makes no foreign key here")


rule = Rule(
    code="reference-ignored",
    severity="notice",
    why="The server reads REFERENCES in the definition of a column, and does nothing.",
    look=look,
    bad='op.execute("ALTER TABLE pet ADD COLUMN other_id integer REFERENCES person (id)")',
    good='op.execute("ALTER TABLE pet ADD COLUMN other_id integer, ADD FOREIGN KEY (other_id) REFERENCES person (id)")',
    on=("mysql",),
    version=(10, 4),
)
