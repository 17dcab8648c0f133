"""The safe way to write something, with the names that the revision itself uses: it can be pasted.

Python has its texts in quotes, and SQL has its names in quotes where the database needs them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from alembic.operations import ops
from sqlalchemy import ClauseElement, Column
from sqlalchemy.exc import CompileError

from ...plan.step import Table, table_of
from ..rule import Case
from ._sql import is_partitioned


def text(value: str) -> str:
    """A text in Python, in the quotes that need no marks inside."""
    return f"'{value}'" if '"' in value and not set("'\\\n") & set(value) else json.dumps(value, ensure_ascii=False)


def call(function: str, *given: Any, **more: Any) -> str:
    """A call of ``op``: given texts and lists of them, and what is not None of the rest."""
    parts = [literal(each) for each in given]
    parts += [f"{name}={literal(each)}" for name, each in more.items() if each is not None]
    return f"op.{function}({', '.join(parts)})"


def rename_column(case: Case, op: Any, new: str) -> str:
    """A column gets another name: MySQL wants its type with that, and SQLite a batch."""
    if case.live.dialect.rebuilds_tables:
        batch = call("batch_alter_table", op.table_name, schema=op.schema)
        return f"with {batch} as batch_op: batch_{call('alter_column', op.column_name, new_column_name=new)}"
    type_ = Code("…") if case.live.dialect.kind == "mysql" else None
    return call("alter_column", op.table_name, op.column_name, schema=op.schema, new_column_name=new, existing_type=type_)


class Code(str):
    """What stands in Python as it is."""


def literal(value: Any) -> str:
    """A value in Python."""
    if isinstance(value, Code):
        return value
    if isinstance(value, str):
        return text(str(value))
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(literal, value))}]"
    return f"sa.text({text(str(value))})" if isinstance(value, ClauseElement) else repr(value)


def execute(statement: str) -> str:
    """``op.execute("…")``."""
    return f"op.execute({text(statement)})"


def quoted(case: Case, table: Table | None = None) -> str:
    """A table in SQL, that of the operation unless another one is given."""
    table = table or table_of(case.op)
    assert table is not None
    return case.live.quoted(table).replace("%%", "%")


def column(case: Case, name: Any) -> str:
    """A column, or another name, in SQL."""
    return case.live.column(str(getattr(name, "name", name))).replace("%%", "%")


def definition(case: Case, made: Column[Any]) -> str | None:
    """A new column in SQL, with its type only; None where there is no name for that."""
    try:
        return f"{column(case, made.name)} {case.live.sqla_dialect.type_compiler_instance.process(made.type)}"
    except CompileError:
        return None


def of_step(case: Case, *kinds: type[Any]) -> Any:
    """The first operation of these kinds in the step; None where there is none."""
    return next((op for op in case.step.operations if isinstance(op, kinds)), None)


def named(op: Any, otherwise: str) -> str:
    """The name of a constraint, or another one where the database would find one."""
    return str(op.constraint_name) if isinstance(op.constraint_name, str) else otherwise


def names(columns: Sequence[Any]) -> list[str]:
    """Columns by their names."""
    return [str(getattr(each, "name", each)) for each in columns]


def validate(case: Case, op: Any, constraint: str) -> str:
    """What looks at the rows later."""
    return execute(f"ALTER TABLE {quoted(case, table_of(op))} VALIDATE CONSTRAINT {column(case, constraint)}")


def check_later(case: Case, op: Any, name: str, condition: str) -> str:
    """A check that is looked at later: as NOT VALID, and in another revision."""
    added = f"ALTER TABLE {quoted(case, table_of(op))} ADD CONSTRAINT {column(case, name)} CHECK ({condition}) NOT VALID"
    return f"{execute(added)}, and {validate(case, op, name)} in another revision"


def index(case: Case, name: str, table: Table, columns: Sequence[Any], **more: Any) -> str:
    """An index that is built while others write; of a table with partitions, one after the other."""
    if is_partitioned(case.live, case.live.known_as(table) or table):
        parts = ", ".join(column(case, each) if isinstance(each, (str, Column)) else str(each) for each in columns)
        created = execute(f"CREATE INDEX {column(case, name)} ON ONLY {quoted(case, table)} ({parts})")
        return f"{created}, then one on each partition CONCURRENTLY, and ALTER INDEX … ATTACH PARTITION"
    listed = [each if isinstance(each, ClauseElement) and not isinstance(each, Column) else names([each])[0] for each in columns]
    return call("create_index", name, table[1], listed, schema=table[0], **more, postgresql_concurrently=True)


def key_of(op: Any) -> ops.CreateForeignKeyOp | None:
    """The foreign key that an operation makes."""
    if isinstance(op, ops.CreateForeignKeyOp):
        return op
    for each in op.column.foreign_keys if isinstance(op, ops.AddColumnOp) else ():
        *schema, table, remote = each.target_fullname.split(".")
        return ops.CreateForeignKeyOp(
            each.name,
            op.table_name,
            table,
            [op.column.name],
            [remote],
            source_schema=op.schema,
            referent_schema=".".join(schema) or None,
            ondelete=each.ondelete,
        )
    return None
