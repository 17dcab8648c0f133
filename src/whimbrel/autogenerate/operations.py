"""Operations that Alembic's autogenerate does not make, each with its way back and with how it is written into a file.

They are written as calls of ``op`` that every Alembic knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.operations import ops
from sqlalchemy.sql.elements import conv

from .._alembic_models import is_in_batch, type_text
from ..schema.text import escaped


class RenameTable(ops.RenameTableOp):
    """A table gets another name."""

    def reverse(self) -> RenameTable:
        """The old name again."""
        return RenameTable(self.new_table_name, self.table_name, schema=self.schema)


class RenameColumn(ops.AlterColumnOp):
    """A column gets another name."""

    def reverse(self) -> RenameColumn:
        """The old name again."""
        return RenameColumn(
            self.table_name,
            str(self.modify_name),
            schema=self.schema,
            modify_name=self.column_name,
            existing_type=self.existing_type,
            existing_nullable=self.existing_nullable,
            existing_server_default=self.existing_server_default,
            existing_comment=self.existing_comment,
            **self.kw,
        )


class AlterColumn(ops.AlterColumnOp):
    """A column changes its type; using, back: how its values get there and back, where the server has to be told."""

    using: str | None = None
    back: str | None = None
    is_numbered: bool = False
    """Whether the server numbers it again on the way back (AUTO_INCREMENT)."""

    @classmethod
    def of(cls, op: ops.AlterColumnOp, using: str | None, back: str | None) -> AlterColumn:
        """The same operation."""
        made = cls.__new__(cls)
        made.__dict__.update(vars(op))
        made.using, made.back = using, back
        return made

    def reverse(self) -> AlterColumn:
        """The old type again."""
        made = AlterColumn.of(super().reverse(), self.back, self.using)
        if self.is_numbered:
            made.kw = {**made.kw, "autoincrement": True}
        return made


class Execute(ops.ExecuteSQLOp):
    """SQL, with the SQL that takes it back; an empty text for nothing."""

    def __init__(self, sql: str, back: str = "", *, words: str = "", alone: bool = False) -> None:
        super().__init__(sql)
        self.back = back
        self.words = words
        """What it does, for a person."""
        self.alone = alone
        """Whether it must be committed before others use it."""

    def reverse(self) -> Execute:
        """The way back."""
        return Execute(self.back, str(self.sqltext), words=f"{self.words}, undone" if self.words else "", alone=self.alone)


class Drop(ops.DropConstraintOp):
    """A constraint is dropped; back: what makes it again."""

    def __init__(self, name: Any, table_name: str, type_: str, *, schema: str | None, back: ops.AddConstraintOp) -> None:
        super().__init__(name, table_name, type_=type_, schema=schema)
        self.back = back

    def reverse(self) -> ops.AddConstraintOp:
        """Made again."""
        return self.back


class AddCheck(ops.CreateCheckConstraintOp):
    """A check is added; Alembic writes it into a file only since version 1.17."""

    def __init__(self, name: str, table_name: str, condition: str, *, schema: str | None) -> None:
        super().__init__(name, table_name, sa.text(condition), schema=schema)
        self.text = condition.replace("\\:", ":")

    def reverse(self) -> ops.DropConstraintOp:
        """Dropped again."""
        return Drop(self.constraint_name, self.table_name, "check", schema=self.schema, back=self)


class AddPrimaryKey(ops.CreatePrimaryKeyOp):
    """A primary key is added; Alembic does not write that into a file."""

    def reverse(self) -> ops.DropConstraintOp:
        """Dropped again."""
        return Drop(self.constraint_name, self.table_name, "primary", schema=self.schema, back=self)


class Batch(ops.ModifyTableOps):
    """Changes of a table that a database can make only together, by building the table anew, whatever env.py says of that.

    convention: where constraints have no names in the database, the naming convention that says which is meant.
    """

    def __init__(
        self,
        table_name: str,
        operations: Sequence[ops.MigrateOperation],
        *,
        schema: str | None,
        convention: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(table_name, operations, schema=schema)
        self.convention = convention

    def reverse(self) -> Batch:
        """Constraints are created with names."""
        return Batch(self.table_name, [op.reverse() for op in reversed(self.ops)], schema=self.schema)


class Both(ops.MigrateOperation):
    """Some operations of the upgrade, and those that are their way back; nobody but us ever sees it."""

    def __init__(self, up: Sequence[ops.MigrateOperation], down: Sequence[ops.MigrateOperation]) -> None:
        self.up = list(up)
        self.down = list(down)

    def reverse(self) -> Both:
        """The way back."""
        return Both(self.down, self.up)


def modified(key: tuple[str | None, str], op: ops.MigrateOperation) -> ops.ModifyTableOps:
    """One change of a table."""
    return ops.ModifyTableOps(key[1], [op], schema=key[0])


IN_BATCH = (ops.AlterColumnOp, ops.AddConstraintOp, ops.DropConstraintOp)
"""What SQLite has no statement for."""


def in_batches(operations: list[ops.MigrateOperation], is_held: Callable[[ops.MigrateOperation], bool]) -> None:
    """Have changes that SQLite cannot make by themselves be made in batches.

    is_held: whether an operation drops a column that something else is about, which SQLite does not do, either.
    """
    for n, op in enumerate(operations):
        if isinstance(op, Both):
            in_batches(op.up, is_held)
            in_batches(op.down, is_held)
        elif type(op) is ops.ModifyTableOps and any(isinstance(each, IN_BATCH) or is_held(each) for each in op.ops):
            operations[n] = Batch(op.table_name, op.ops, schema=op.schema)


def expand(operations: ops.OpContainer) -> None:
    """Put operations in the place of each Both."""
    operations.ops[:] = [each for op in operations.ops for each in (op.up if isinstance(op, Both) else [op])]


@renderers.dispatch_for(RenameTable)
def render_table(context: Any, op: RenameTable) -> str:
    """``op.rename_table(…)``."""
    schema = f", schema={op.schema!r}" if op.schema else ""
    return f"{prefix(context)}rename_table({op.table_name!r}, {op.new_table_name!r}{schema})"


@renderers.dispatch_for(RenameColumn)
def render_column(context: Any, op: RenameColumn) -> str:
    """``op.alter_column(…, new_column_name=…)``, which Alembic writes since version 1.16."""
    arguments = [] if is_in_batch(context) else [repr(op.table_name)]
    arguments += [repr(op.column_name), f"new_column_name={str(op.modify_name)!r}"]
    if op.existing_type is not None:
        arguments.append(f"existing_type={type_text(op.existing_type, context)}")
    if op.existing_nullable is not None:
        arguments.append(f"existing_nullable={op.existing_nullable!r}")
    if op.existing_comment:
        arguments.append(f"existing_comment={op.existing_comment!r}")
    default = op.existing_server_default
    if isinstance(default, sa.DefaultClause):  # for an Alembic that says the whole column anew (MySQL)
        text = str(getattr(default.arg, "text", default.arg))
        arguments.append(f"existing_server_default={context.opts.get('sqlalchemy_module_prefix') or 'sa.'}text({text!r})")
    if op.schema and not is_in_batch(context):
        arguments.append(f"schema={op.schema!r}")
    owner = "batch_op." if is_in_batch(context) else prefix(context)
    return f"{owner}alter_column({', '.join(arguments)})"


@renderers.dispatch_for(AlterColumn)
def render_cast(context: Any, op: AlterColumn) -> str:
    """``op.alter_column(…, postgresql_using=…)``."""
    text = str(renderers.dispatch(ops.AlterColumnOp(op.table_name, op.column_name))(context, op))
    return f"{text[:-1]},\n{' ' * 11}postgresql_using={quoted(op.using)})" if op.using else text


@renderers.dispatch_for(AddPrimaryKey)
def render_primary_key(context: Any, op: AddPrimaryKey) -> str:
    """``op.create_primary_key(…)``."""
    columns = list(map(str, op.columns))
    if is_in_batch(context):
        return f"batch_op.create_primary_key({op.constraint_name!r}, {columns!r})"
    schema = f", schema={op.schema!r}" if op.schema else ""
    return f"{prefix(context)}create_primary_key({op.constraint_name!r}, {op.table_name!r}, {columns!r}{schema})"


@renderers.dispatch_for(AddCheck)
def render_check(context: Any, op: AddCheck) -> str:
    """``op.create_check_constraint(…)``."""
    condition = f"{context.opts.get('sqlalchemy_module_prefix') or 'sa.'}text({quoted(escaped(op.text))})"
    if is_in_batch(context):
        return f"batch_op.create_check_constraint({final(op.constraint_name, 'batch_op.')}, {condition})"
    schema = f", schema={op.schema!r}" if op.schema else ""
    name = final(op.constraint_name, prefix(context))
    return f"{prefix(context)}create_check_constraint({name}, {op.table_name!r}, {condition}{schema})"


@renderers.dispatch_for(Execute)
def render_sql(context: Any, op: Execute) -> list[str]:
    """``op.execute(…)``."""
    text = str(op.sqltext)
    if not text:
        return []
    call = f"{prefix(context)}execute({quoted(escaped(text))})"
    return ["with op.get_context().autocommit_block():", f"    {call}"] if op.alone else [call]


@renderers.dispatch_for(Batch)
def render_batch(context: Any, op: Batch) -> list[str]:
    """``with op.batch_alter_table(…, naming_convention=…)``."""
    before = context.opts.get("render_as_batch")
    context.opts["render_as_batch"] = True
    as_usual = renderers.dispatch(ops.ModifyTableOps(op.table_name, []))(context, op)
    context.opts["render_as_batch"] = before
    found = as_usual if isinstance(as_usual, list) else [as_usual]
    if not op.convention:
        return found
    convention = f"naming_convention={dict(op.convention)!r}"
    return [line.replace(") as batch_op:", f", {convention}) as batch_op:") for line in found]


def final(name: Any, owner: str) -> str:
    """A name in Python; one to which no naming convention shall be applied goes through ``f()``."""
    return f"{owner}f({str(name)!r})" if isinstance(name, conv) else repr(name)


def prefix(context: Any) -> str:
    """What stands before the name of an operation: ``op.``, or what env.py has set."""
    return str(context.opts.get("alembic_module_prefix") or "")


def quoted(text: str) -> str:
    """A Python string, in double quotes where that needs no escapes."""
    found = repr(text)
    if found.startswith("'") and '"' not in found and "\\'" not in found:
        return f'"{found[1:-1]}"'
    return found
