"""downgrade() does nothing, and upgrade() changes tables.

A downgrade then says that it went well, and leaves the database as it is: the next upgrade meets what is there already.

Undo what upgrade() does; or say that it cannot be undone: ``raise NotImplementedError("…")``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from ..._python import parsed
from ...plan.step import Changed, Rows, shown, table_of
from ...revisions.read import source_of
from ..rule import Case, Found, Rule
from ._sql import is_first_of_revision

DOWNGRADE = re.compile(r"^def downgrade\b", re.MULTILINE)


def look(case: Case) -> Iterator[Found]:
    """An empty downgrade() beside an operation that something could undo, on a table with rows."""
    planned, live = case.planned, case.live
    is_meant = planned.direction == "upgrade" and is_first_of_revision(case)
    if not is_meant or not does_nothing(source_of(planned.revision.path) or ""):
        return
    changed = [op for step in planned.steps if step.why is None for op in step.operations if can_be_undone(op)]
    for op in changed:
        table = table_of(op)
        known = None if table is None else live.known_as(table)
        if known is not None and live.is_there(known) and live.has_rows(known):
            yield Found(planned.revision.id, f"downgrade() leaves {shown(known)} as upgrade() has made it, without a word")
            return


def can_be_undone(op: Any) -> bool:
    """Whether an operation changes a table in a way that another one takes back; what is dropped is lost."""
    is_drop = isinstance(op, (ops.DropColumnOp, ops.DropTableOp, ops.DropIndexOp, ops.DropConstraintOp))
    return not is_drop and not isinstance(op, (Rows, Changed, ops.CreateTableOp))


def does_nothing(source: str) -> bool:
    """Whether a file has a downgrade() of nothing but ``pass``."""
    begin = next((found.start() for found in reversed(list(DOWNGRADE.finditer(source)))), len(source))
    try:
        body = parsed(source[begin:]).body  # not all of it: there may be hundreds of files
    except (SyntaxError, ValueError):
        return False
    function = body[0] if body else None
    return isinstance(function, ast.FunctionDef) and all(isinstance(each, ast.Pass) or is_remark(each) for each in function.body)


def is_remark(node: ast.stmt) -> bool:
    """Whether a statement is a docstring, or three dots."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


rule = Rule(
    code="no-way-back",
    severity="notice",
    why="The version table says afterwards that the revision is not there, and its changes are.",
    look=look,
    bad='op.add_column("person", sa.Column("nick", sa.String(20)))',
    good="""op.add_column("person", sa.Column("nick", sa.String(20)))


    def downgrade():
        op.drop_column("person", "nick")""",
)
