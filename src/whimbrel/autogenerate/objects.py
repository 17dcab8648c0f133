"""Sequences, extensions and exclude constraints of PostgreSQL, which Alembic does not compare."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from alembic.operations import ops
from sqlalchemy import Connection, MetaData, Sequence, Table
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import AddConstraint, CreateSequence

from .._alembic_models import final_name, sequences_of
from ..dialects import Dialect
from ..schema.snapshot import Key
from ..schema.text import quoted_name
from .operations import Execute
from .renames import shown
from .stored import NAME, for_a_moment


def compare_objects(
    upgrade: ops.UpgradeOps,
    connection: Connection,
    dialect: Dialect,
    metadatas: list[MetaData],
    models: Mapping[Key, Table],
    known: Callable[[], Collection[str]],
    extensions: Collection[str],
) -> list[str]:
    """Add what is missing before everything else, and what went after it. Returns what could not be compared.

    known: the words of the history, of which alone anything is dropped.
    """
    there = dialect.named_objects(connection)
    if there is None:
        return []
    first: list[ops.MigrateOperation] = []
    for name in extensions:
        if name not in there.extensions:
            quoted = connection.dialect.identifier_preparer.quote(name)
            back = f"DROP EXTENSION IF EXISTS {quoted}"
            first.append(Execute(f"CREATE EXTENSION IF NOT EXISTS {quoted}", back, words=f"extension {name}: new"))
    wanted = {key_of(each, connection): each for each in metadatas for each in sequences_of(each)}
    schemas = {schema for schema, _ in models} | {schema for schema, _ in wanted} | {None}
    first += [new_sequence(key, each, connection) for key, each in wanted.items() if key not in there.sequences]
    last: list[ops.MigrateOperation] = list(changed_steps(wanted, there.sequences, connection))
    for key, step in there.sequences.items():
        if key not in wanted and key[0] in schemas and key[1] in known():
            name = quoted_name(key, connection.dialect.identifier_preparer)
            made = f"CREATE SEQUENCE {name} INCREMENT BY {step}"
            last.append(Execute(f"DROP SEQUENCE {name}", made, words=f"sequence {shown(key)}: dropped"))
    upgrade.ops[:0] = first
    not_compared: list[str] = []
    for key, model in models.items():
        wanted_here = {str(final_name(each, connection.dialect)): each for each in model.constraints if is_exclusion(each)}
        had = there.exclusions.get(key, {})
        is_new = any(isinstance(op, ops.CreateTableOp) and (op.schema, op.table_name) == key for op in upgrade.ops)
        if is_new or not (wanted_here or had):
            continue
        last += exclusions(key, wanted_here, had, connection, known, not_compared)
    upgrade.ops += last
    return not_compared


def is_exclusion(constraint: Any) -> bool:
    """Whether a constraint excludes, and its name is known."""
    return isinstance(constraint, ExcludeConstraint) and constraint.name is not None


def key_of(sequence: Sequence, connection: Connection) -> Key:
    """A sequence as the database names it."""
    return (None if sequence.schema == connection.dialect.default_schema_name else sequence.schema, sequence.name)


def new_sequence(key: Key, sequence: Sequence, connection: Connection) -> Execute:
    """Create one."""
    made = " ".join(str(CreateSequence(sequence).compile(dialect=connection.dialect)).split())
    return Execute(
        made, f"DROP SEQUENCE {quoted_name(key, connection.dialect.identifier_preparer)}", words=f"sequence {shown(key)}: new"
    )


def changed_steps(wanted: Mapping[Key, Sequence], there: Mapping[Key, int], connection: Connection) -> Iterator[Execute]:
    """Sequences that count in other steps; where they are is theirs."""
    for key, sequence in wanted.items():
        new = 1 if sequence.increment is None else sequence.increment
        old = there.get(key, new)
        if old != new:
            alter = f"ALTER SEQUENCE {quoted_name(key, connection.dialect.identifier_preparer)} INCREMENT BY"
            yield Execute(f"{alter} {new}", f"{alter} {old}", words=f"sequence {shown(key)}: steps of {new} instead of {old}")


def exclusions(
    key: Key,
    wanted: Mapping[str, Any],
    there: Mapping[str, str],
    connection: Connection,
    known: Callable[[], Collection[str]],
    not_compared: list[str],
) -> Iterator[Execute]:
    """Those of one table that came, went or say something else."""
    quote = connection.dialect.identifier_preparer.quote
    alter = f"ALTER TABLE {quoted_name(key, connection.dialect.identifier_preparer)}"

    def drop(name: str) -> str:
        return f"{alter} DROP CONSTRAINT {quote(name)}"

    for name, constraint in wanted.items():
        made = " ".join(str(AddConstraint(constraint).compile(dialect=connection.dialect)).split())
        words = f"{shown(key)}: exclude constraint {name}"
        if name not in there:
            yield Execute(made, drop(name), words=f"{words}, new")
            continue
        said, why_not = as_stored(key, constraint, name, connection)
        if why_not:
            not_compared.append(f"{words}: {why_not}")
        elif said != there[name]:
            old = f"{alter} ADD CONSTRAINT {quote(name)} {there[name]}"
            yield Execute(f"{drop(name)}; {made}", f"{drop(name)}; {old}", words=f"{words}, changed")
    for name, definition in there.items():
        if name not in wanted and name in known():
            back = f"{alter} ADD CONSTRAINT {quote(name)} {definition}"
            yield Execute(drop(name), back, words=f"{shown(key)}: exclude constraint {name}, dropped")


def as_stored(key: Key, constraint: Any, name: str, connection: Connection) -> tuple[str, str]:
    """What the server makes of an exclude constraint; or why it cannot be asked."""
    made = str(AddConstraint(constraint).compile(dialect=connection.dialect)).strip()
    _, _, definition = made.partition("ADD ")
    try:
        with for_a_moment(connection):
            execute = connection.exec_driver_sql
            execute(f"CREATE TEMPORARY TABLE {NAME} (LIKE {quoted_name(key, connection.dialect.identifier_preparer)})")
            execute(f"ALTER TABLE {NAME} ADD {definition}")
            query = f"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = '{NAME}'::regclass AND contype = 'x'"
            return str(execute(query).scalar_one()), ""
    except SQLAlchemyError as error:
        return "", str(getattr(error, "orig", None) or error).splitlines()[0]
