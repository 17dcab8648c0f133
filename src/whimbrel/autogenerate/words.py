"""Operations in words, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from alembic.operations import ops
from sqlalchemy import DefaultClause
from sqlalchemy.types import to_instance

from .operations import Both, Execute, RenameColumn, RenameTable

DROPPED = {"foreignkey": "foreign key", "primary": "primary key", "unique": "unique constraint", "check": "check constraint"}


def changes(operations: Iterable[Any]) -> Iterator[str]:
    """Each operation as a person would say it; those of a changed table one by one."""
    for op in operations:
        if isinstance(op, Both):
            yield from changes(op.up)
        elif isinstance(op, ops.OpContainer):
            yield from changes(op.ops)
        else:
            yield from words(op)


FIELDS = ("schema", "column_name", "index_name", "constraint_name", "constraint_type", "modify_name", "new_table_name")


def as_data(operations: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Each operation for machines: which one, its names as Alembic calls them, and the words."""
    for op in operations:
        if isinstance(op, Both):
            yield from as_data(op.up)
        elif isinstance(op, ops.OpContainer):
            yield from as_data(op.ops)
        else:
            found = {
                "operation": operation_of(op),
                "table_name": getattr(op, "table_name", None) or getattr(op, "source_table", None),
            }
            found |= {field: getattr(op, field, None) for field in FIELDS}
            if isinstance(op, ops.AddColumnOp):
                found["column_name"] = op.column.name
            if isinstance(op, ops.ExecuteSQLOp):
                found["sql"] = str(op.sqltext)
            named = {field: str(value) for field, value in found.items() if value}
            yield named | dict(altered(op)) | {"words": list(words(op))}


def altered(op: Any) -> Iterator[tuple[str, Any]]:
    """What an ``alter_column`` changes, under Alembic's names: the new type, nullability and default."""
    if isinstance(op, ops.AlterColumnOp):
        if op.modify_type is not None:
            yield "modify_type", str(op.modify_type)
        if op.modify_nullable is not None:
            yield "modify_nullable", op.modify_nullable
        if op.modify_server_default is not False:
            default = getattr(op.modify_server_default, "arg", op.modify_server_default)
            yield "modify_server_default", None if default is None else str(default)


def operation_of(op: Any) -> str:
    """The name under which a revision calls an operation: ``add_column``."""
    names = {cls: name for cls, name in CALLS.items() if isinstance(op, cls)}
    return next(iter(names.values()), type(op).__name__)


CALLS: dict[type, str] = {
    RenameTable: "rename_table",
    ops.CreateTableOp: "create_table",
    ops.DropTableOp: "drop_table",
    ops.AddColumnOp: "add_column",
    ops.DropColumnOp: "drop_column",
    ops.AlterColumnOp: "alter_column",
    ops.CreateIndexOp: "create_index",
    ops.DropIndexOp: "drop_index",
    ops.CreatePrimaryKeyOp: "create_primary_key",
    ops.CreateUniqueConstraintOp: "create_unique_constraint",
    ops.CreateForeignKeyOp: "create_foreign_key",
    ops.CreateCheckConstraintOp: "create_check_constraint",
    ops.DropConstraintOp: "drop_constraint",
    ops.CreateTableCommentOp: "create_table_comment",
    ops.DropTableCommentOp: "drop_table_comment",
    ops.ExecuteSQLOp: "execute",
}


def words(op: Any) -> Iterator[str]:
    """One operation, usually one line."""
    table = qualified(op)
    match op:
        case ops.CreateTableOp():
            yield f"table {table}: new, with {', '.join(column_names(op))}"
        case ops.DropTableOp():
            yield f"table {table}: dropped"
        case ops.AddColumnOp():
            yield f"{table}: column {op.column.name} added"
        case ops.DropColumnOp():
            yield f"{table}: column {op.column_name} dropped"
        case RenameColumn():
            yield f"{table}: column {op.modify_name}, renamed from {op.column_name}"
        case ops.AlterColumnOp():
            yield f"{table}: column {op.column_name}, {', '.join(alterations(op)) or 'changed'}"
        case ops.CreateIndexOp():
            yield f"{table}: index {op.index_name} added{' (unique)' if op.unique else ''}"
        case ops.DropIndexOp():
            yield f"{table}: index {op.index_name} dropped"
        case ops.AddConstraintOp():
            columns = f" ({', '.join(map(str, op.columns))})" if isinstance(op, ops.CreatePrimaryKeyOp) else ""
            yield f"{table}: {kind(op)} {name(op)}{columns} added"
        case ops.DropConstraintOp():
            yield f"{table}: {DROPPED.get(str(op.constraint_type), 'constraint')} {name(op)} dropped"
        case ops.CreateTableCommentOp():
            yield f"{table}: comment changed"
        case ops.DropTableCommentOp():
            yield f"{table}: comment dropped"
        case RenameTable():
            yield f"table {op.new_table_name}: renamed from {table}"
        case ops.BulkInsertOp():
            yield f"{op.table.fullname}: {len(op.rows):,} row{'' if len(op.rows) == 1 else 's'} added"
        case Execute():
            yield op.words or f"SQL: {str(op.sqltext)[:80]}"
        case ops.ExecuteSQLOp():
            yield f"SQL: {str(op.sqltext)[:80]}"
        case _:
            yield f"{table}: {type(op).__name__}" if table else type(op).__name__


def qualified(op: Any) -> str:
    """The table of an operation, with its schema."""
    found = getattr(op, "table_name", None) or getattr(op, "source_table", None) or ""
    schema = getattr(op, "schema", None) or getattr(op, "kw", {}).get("source_schema")
    return f"{schema}.{found}" if schema and found else str(found)


def name(op: Any) -> str:
    """The name of a constraint, or its columns."""
    found = getattr(op, "constraint_name", None)
    columns = getattr(op, "local_cols", None) or getattr(op, "columns", None) or ()
    return str(found) if found else f"({', '.join(map(str, columns))})"


def kind(op: Any) -> str:
    """What kind of constraint an operation adds."""
    kinds = {
        ops.CreateForeignKeyOp: "foreign key",
        ops.CreateUniqueConstraintOp: "unique constraint",
        ops.CreateCheckConstraintOp: "check constraint",
        ops.CreatePrimaryKeyOp: "primary key",
    }
    return next((words for cls, words in kinds.items() if isinstance(op, cls)), "constraint")


def column_names(op: ops.CreateTableOp) -> Iterator[str]:
    """The columns of a new table."""
    for item in op.columns:
        if found := getattr(item, "name", None) if item.__visit_name__ == "column" else None:
            yield str(found)


def default_words(default: Any) -> str:
    """What the new default of a column is, on one line."""
    if default is None:
        return "no default any more"
    arg = getattr(default, "arg", default)
    text = " ".join((f"'{arg}'" if isinstance(arg, str) else str(arg)).split())
    return f"default {text[:60]}" if isinstance(default, DefaultClause) else "default changed"


def type_words(old: Any, new: Any) -> str:
    """Another type; of an enum that stays one, its values."""
    before, after = getattr(old, "enums", None), getattr(new, "enums", None)
    if before and after:
        came, gone = [each for each in after if each not in before], [each for each in before if each not in after]
        parts = [f"{', '.join(map(repr, values))} {verb}" for values, verb in ((came, "added"), (gone, "dropped")) if values]
        return f"values: {'; '.join(parts)}" if parts else f"values in another order: {', '.join(map(repr, after))}"
    old, new = (None if each is None else to_instance(each) for each in (old, new))
    shown = [
        f"enum of {', '.join(map(repr, type_.enums))}" if getattr(type_, "enums", None) else str(type_) for type_ in (old, new)
    ]
    return f"type {shown[0]} -> {shown[1]}" if old is not None else f"type -> {shown[1]}"


def alterations(op: ops.AlterColumnOp) -> Iterator[str]:
    """What changes in a column."""
    if op.modify_name:
        yield f"renamed to {op.modify_name}"
    if op.modify_type is not None:
        yield type_words(op.existing_type, op.modify_type)
    if op.modify_nullable is not None:
        yield "may be null" if op.modify_nullable else "must not be null"
    if op.modify_server_default is not False:
        yield default_words(op.modify_server_default)
    if op.modify_comment is not False:
        yield "comment changed"
