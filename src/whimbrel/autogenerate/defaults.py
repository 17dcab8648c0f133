"""The defaults of columns whose enum type changes: they change with it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from ..schema.snapshot import Key
from .stored import without_casts

User = tuple[Key, str]
"""A column."""
Defaults = dict[User, str | None]
"""As they stand in SQL; None where there is none."""


def follow_default(upgrade: ops.UpgradeOps, users: list[tuple[Key, str]], old: str, new: str) -> None:
    """A default that is a value with another name now has that name by itself."""
    for op in upgrade.ops:
        for each in op.ops if isinstance(op, ops.ModifyTableOps) else ():
            if not isinstance(each, ops.AlterColumnOp) or ((each.schema, each.table_name), each.column_name) not in users:
                continue
            texts = [default_text(default) for default in (each.existing_server_default, each.modify_server_default)]
            if texts == [literal(old), literal(new)]:
                each.modify_server_default = False
    without_nothing(upgrade)


def take_defaults(upgrade: ops.UpgradeOps, users: list[User]) -> Defaults:
    """The new defaults of columns, taken out of the operations: they change while the column has no default."""
    found: Defaults = {}
    for op in upgrade.ops:
        for each in op.ops if isinstance(op, ops.ModifyTableOps) else ():
            if not isinstance(each, ops.AlterColumnOp) or each.modify_server_default is False:
                continue
            user = ((each.schema, each.table_name), each.column_name)
            arg = getattr(each.modify_server_default, "arg", each.modify_server_default)
            if user in users and (arg is None or isinstance(arg, (str, sa.TextClause))):
                found[user] = arg.text if isinstance(arg, sa.TextClause) else literal(arg) if arg is not None else None
                each.modify_server_default = False
    without_nothing(upgrade)
    return found


def without_nothing(upgrade: ops.UpgradeOps) -> None:
    """Take out what changes nothing of a column."""
    for op in upgrade.ops:
        if isinstance(op, ops.ModifyTableOps):
            op.ops = [each for each in op.ops if not isinstance(each, ops.AlterColumnOp) or each.has_changes()]


def default_text(default: Any) -> str | None:
    """A default as it stands in SQL, without its type."""
    arg = getattr(default, "arg", default)
    return without_casts(arg.text) if isinstance(arg, sa.TextClause) else literal(arg) if isinstance(arg, str) else None


def literal(text: str) -> str:
    """A text as it stands in SQL."""
    return "'" + text.replace("'", "''") + "'"
