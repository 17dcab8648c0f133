"""Undo what ran of a revision that stopped half-way: the reverse of each operation, the last one first.

What ran is found by running the revision once more with every statement of it skipped. Nothing is undone unless
everything can be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic.operations import Operations, ops

from .._alembic import observed_operations
from ..dialects._kinds import COMMENTS
from ..errors import HalfApplied, StatementChanged
from ..events import Direction
from .expected import CHANGED
from .journal import Entry, Part
from .parts import AllSkipped
from .statement import Statement, short
from .trouble import describe

if TYPE_CHECKING:
    from .runner import Runner

NAME = r"([`\"\[]?[\w$]+[`\"\]]?(?:\.[`\"\[]?[\w$]+[`\"\]]?)?)"
UNLESS = r"(?:IF\s+NOT\s+EXISTS\s+)?"
CREATE_TABLE = re.compile(COMMENTS + rf"CREATE\s+TABLE\s+{UNLESS}{NAME}", re.IGNORECASE | re.DOTALL)
CREATE_INDEX = re.compile(
    COMMENTS + rf"CREATE\s+(?:UNIQUE\s+)?INDEX\s+(?:CONCURRENTLY\s+)?{UNLESS}{NAME}\s+ON\s+{NAME}", re.IGNORECASE | re.DOTALL
)
ADD_CONSTRAINT = re.compile(COMMENTS + rf"ALTER\s+TABLE\s+{NAME}\s+ADD\s+CONSTRAINT\s+{NAME}", re.IGNORECASE | re.DOTALL)
NO_COLUMN = r"(?!(?:CONSTRAINT|INDEX|KEY|PRIMARY|FOREIGN|UNIQUE|CHECK|FULLTEXT|SPATIAL|PARTITION|COLUMN)\b)"
ADD_COLUMN = re.compile(
    COMMENTS + rf"ALTER\s+TABLE\s+{NAME}\s+ADD\s+(?:COLUMN\s+)?{UNLESS}{NO_COLUMN}{NAME}", re.IGNORECASE | re.DOTALL
)
DATA = re.compile(
    COMMENTS
    + rf"(?:INSERT\s+(?:IGNORE\s+)?INTO|REPLACE\s+INTO|UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE\s+(?:TABLE)?)\s*{NAME}",
    re.IGNORECASE | re.DOTALL,
)


# UPDATE a JOIN b, UPDATE a, b, DELETE a FROM a JOIN b: rows of several tables.
OTHER_TABLES = re.compile(COMMENTS + r"(UPDATE|DELETE)\b(?:(?!\bSET\b|\bWHERE\b).)*(\bJOIN\b|,)", re.IGNORECASE | re.DOTALL)
UNLESS_THERE = re.compile(r"\bIF\s+NOT\s+EXISTS\b", re.IGNORECASE)


@dataclass
class Ran:
    """An operation that ran, and its statements; operation is None for statements that came from none."""

    operation: Any
    statements: list[str]


def undo(runner: Runner, entry: Entry, parts: Sequence[Part], *, yes: bool) -> None:
    """Undo what ran. Raises HalfApplied, with nothing undone, where some of it cannot be, or rows would go with it.

    yes: somebody has said that the rows may go.
    """
    ran = what_ran(runner, entry, parts)
    created = {bare(name) for each in ran for name in tables_created(each)}
    reverses: list[tuple[Ran, Any]] = []
    problems: list[str] = []
    for each in reversed(ran):
        operation = reverse_of(each, created)
        if isinstance(operation, str):
            problems.append(operation)
        else:
            reverses.append((each, operation))
    command = f"{runner.project.command} resume"
    if problems:
        listed = [f"  {problem}" for problem in problems]
        raise HalfApplied(
            f"Not everything that ran of revision {entry.revision} can be undone by itself; nothing has been undone:\n"
            + "\n".join(listed),
            hint=f"Finish it with '{command}', or undo all of it by hand and type '{command} --mark-undone'.",
        )
    lost = [] if yes else [words for _, operation in reverses if (words := rows_lost(runner.journal.connection, operation))]
    if lost:
        raise HalfApplied(
            f"Undoing revision {entry.revision} would lose {', '.join(lost)}.", hint=f"'{command} --back --yes' does it."
        )
    for each, operation in reverses:
        try:
            reverse(runner, entry, each, operation)
        except Exception as error:
            raise HalfApplied(
                f"This could not be undone: {short(each.statements[0])}\n{describe(error)}",
                hint=f"Mend the cause and type '{command} --back' again: what was undone is on record.",
            ) from error


def what_ran(runner: Runner, entry: Entry, parts: Sequence[Part]) -> list[Ran]:
    """The operations that ran, in their order."""
    found: list[Ran] = []
    direction: Direction = "upgrade" if entry.direction == "upgrade" else "downgrade"
    call = runner.database.function(runner.graph[entry.revision], direction)
    if not any(part.texts for part in parts):
        return found
    with runner.following(), observed_operations() as running:

        def note(statement: Statement, skipped: bool) -> None:
            operation = running[0] if running else None
            if found and operation is not None and found[-1].operation is operation:
                found[-1].statements.append(statement.text)
            else:
                found.append(Ran(operation, [statement.text]))

        runner.recorder.on_statement = note
        runner.recorder.begin(dict, entry.id, parts, only_skips=True, any_values=True)
        try:
            with runner.context.per_revision():
                call()
            left = runner.recorder.expected.left()
            raise StatementChanged(
                f"The revision does no longer do all that has run: {short(left.text) if left else ''}", hint=CHANGED
            )
        except AllSkipped:
            pass
        finally:
            runner.recorder.is_active = False
    return found


def tables_created(ran: Ran) -> Iterator[str]:
    """The tables that an operation or a statement created."""
    for statement in ran.statements:
        if found := CREATE_TABLE.match(statement):
            yield found[1]


def reverse_of(ran: Ran, created: set[str]) -> Any:
    """The operation that undoes another; None where nothing is left to do, a text where there is none."""
    why = f"{short(ran.statements[0], 80)}"
    if data := DATA.match(ran.statements[0]):
        # Its rows go with the table, if they are those of one table.
        is_of_one = not OTHER_TABLES.search(ran.statements[0])
        return None if bare(data[1]) in created and is_of_one else f"{why}: it changed rows"
    if UNLESS_THERE.search(ran.statements[0]):
        return f"{why}: it may have been there before"
    operation = ran.operation
    if operation is None or isinstance(operation, ops.ExecuteSQLOp):
        return reverse_of_statement(ran.statements[0]) or f"{why}: written as SQL"
    if isinstance(operation, ops.RenameTableOp):
        return ops.RenameTableOp(operation.new_table_name, operation.table_name, schema=operation.schema)
    if isinstance(operation, ops.AlterColumnOp):
        return reverse_of_alter(operation) or f"{why}: the operation does not say what was there before"
    if isinstance(operation, (ops.DropTableOp, ops.DropColumnOp)):
        return f"{why}: what was in it is gone"
    try:
        found = operation.reverse()
    except (NotImplementedError, ValueError, AttributeError):
        return f"{why}: the operation does not say what was there before"
    if isinstance(found, ops.DropIndexOp):
        found.kw.pop("postgresql_concurrently", None)  # this time it is part of a transaction
    return found


def reverse_of_alter(operation: ops.AlterColumnOp) -> ops.AlterColumnOp | None:
    """The reverse of a changed column; None where the operation does not say all that was before."""
    before: dict[str, Any] = {
        "existing_type": operation.modify_type if operation.modify_type is not None else operation.existing_type,
        "existing_nullable": operation.modify_nullable if operation.modify_nullable is not None else operation.existing_nullable,
    }
    if operation.modify_type is not None:
        if operation.existing_type is None:
            return None
        before["modify_type"] = operation.existing_type
    if operation.modify_nullable is not None:
        before["modify_nullable"] = (
            operation.existing_nullable if operation.existing_nullable is not None else not operation.modify_nullable
        )
    if operation.modify_server_default is not False:
        if operation.existing_server_default is False:
            return None
        before |= {
            "modify_server_default": operation.existing_server_default,
            "existing_server_default": operation.modify_server_default,
        }
    elif operation.existing_server_default is not False:
        before["existing_server_default"] = operation.existing_server_default
    if operation.modify_comment is not False:
        before |= {"modify_comment": operation.existing_comment, "existing_comment": operation.modify_comment}
    name = operation.modify_name or operation.column_name
    if operation.modify_name:
        before["modify_name"] = operation.column_name
    return ops.AlterColumnOp(operation.table_name, name, schema=operation.schema, **before)


def reverse_of_statement(statement: str) -> Any:
    """The operation that undoes a statement of raw SQL, for the few kinds that say all that is needed."""
    if found := CREATE_TABLE.match(statement):
        schema, name = parts_of(found[1])
        return ops.DropTableOp(name, schema=schema)
    if found := CREATE_INDEX.match(statement):
        schema, table = parts_of(found[2])
        return ops.DropIndexOp(bare(found[1]), table_name=table, schema=schema)
    if "," in re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", statement)):
        return None  # more than one change
    if found := ADD_CONSTRAINT.match(statement):
        return ops.ExecuteSQLOp(f"ALTER TABLE {found[1]} DROP CONSTRAINT {found[2]}")
    if found := ADD_COLUMN.match(statement):
        schema, table = parts_of(found[1])
        return ops.DropColumnOp(table, bare(found[2]), schema=schema)
    return None


def rows_lost(connection: sa.Connection, operation: Any) -> str | None:
    """In words how many rows or values go with an operation; None where none do."""
    if isinstance(operation, ops.DropTableOp):
        table = sa.table(operation.table_name, schema=operation.schema)
        count = connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        return f"{count:,} row{'s' if count > 1 else ''} of {operation.table_name}" if count else None
    if isinstance(operation, ops.DropColumnOp):
        found: sa.ColumnClause[Any] = sa.column(operation.column_name)
        table = sa.table(operation.table_name, found, schema=operation.schema)
        if has_default(operation):
            return None
        count = connection.scalar(sa.select(sa.func.count()).select_from(table).where(found.is_not(None))) or 0
        return f"{count:,} value{'s' if count > 1 else ''} of {operation.table_name}.{operation.column_name}" if count else None
    return None


def has_default(operation: ops.DropColumnOp) -> bool:
    """Whether the column that an operation drops was filled by the server when it was added."""
    try:
        column = operation.to_column()
    except (ValueError, AttributeError):
        return False
    return column.server_default is not None or not column.nullable


def reverse(runner: Runner, entry: Entry, ran: Ran, operation: Any) -> None:
    """Run one reverse operation, and forget what it undoes; a crash in between is found by the look of what it changes."""
    journal, dialect = runner.journal, runner.dialect
    runner.database.has_changed = True
    with runner.context.per_revision():
        left, undone = split(journal.parts_of(entry.id), len(ran.statements))
        if operation is not None:
            before = dialect.look(journal.connection, ran.statements[0])
            for part in undone:
                journal.change_part(part.id, state="undoing", before=before)
            with Operations.context(runner.context) as operations:
                operations.invoke(operation)
        for part in undone:
            journal.drop_part(part.id)
        if left is not None:
            journal.add_part(entry.id, "done", left)


def split(parts: Sequence[Part], count: int) -> tuple[tuple[Statement, ...] | None, list[Part]]:
    """The parts that hold the last so many statements, and the statements before those in the first of these parts."""
    taken: list[Part] = []
    for part in reversed(parts):
        if count <= 0:
            break
        taken.insert(0, part)
        count -= len(part.texts)
    if count >= 0:
        return None, taken
    stay = [n for n, each in enumerate(taken[0].statements) if each.kind == "write"][:-count]
    return taken[0].statements[: stay[-1] + 1], taken


def bare(name: str) -> str:
    """A name without schema and quotes."""
    return parts_of(name)[1]


def parts_of(name: str) -> tuple[str | None, str]:
    """Schema and name, without quotes."""
    schema, _, own = name.rpartition(".")
    return schema.strip('`"[]') or None, own.strip('`"[]')
