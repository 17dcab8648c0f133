"""Every constraint has a name, so that it can be dropped one day.

Its own, its naming convention's, or one in PostgreSQL's style.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable
from typing import Any

from alembic.operations import ops
from sqlalchemy import CheckConstraint, Constraint, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.schema import MetaData

from ..schema.snapshot import Key, Snapshot
from .operations import Batch

ENDINGS = {ForeignKeyConstraint: "fkey", UniqueConstraint: "key", CheckConstraint: "check"}

CONVENTION = {
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "pk": "%(table_name)s_pkey",
}
"""The same as a naming convention, for constraints without a name in an SQLite database."""


def longest_name(dialect: Any) -> int:
    """How many characters the name of a constraint may have."""
    limits = (getattr(dialect, "max_constraint_name_length", None), dialect.max_identifier_length)
    return min((int(limit) for limit in limits if limit), default=63)


def name_for(table: str, columns: Iterable[str], ending: str, longest: int) -> str:
    """``player_team_id_fkey``; shortened as far as the database needs it."""
    found = "_".join([table, *columns, ending])
    if len(found) <= longest:
        return found
    digest = hashlib.sha256(found.encode()).hexdigest()[:8]
    return f"{found[: longest - len(ending) - 10]}_{digest}_{ending}"


def free_name(table: str, columns: Iterable[str], ending: str, longest: int, taken: Collection[str | None]) -> str:
    """One that is not taken: with a number, as PostgreSQL counts."""
    listed, number = list(columns), 0
    while (name := name_for(table, listed, f"{ending}{number or ''}", longest)) in taken:
        number += 1
    return name


def names_in_use(snapshot: Snapshot) -> set[Key]:
    """The names of tables, indexes and constraints, with their schemas: some servers want each of them but once."""
    facts = ("indexes", "unique_constraints", "foreign_keys", "check_constraints")
    return set(snapshot) | {(key[0], each["name"]) for key in snapshot for fact in facts for each in snapshot.of(fact, key)}


def give_names(upgrade: ops.UpgradeOps, dialect: Any, taken: set[Key]) -> None:
    """Name what is added or dropped without a name. taken: also has the new names afterwards."""
    longest = longest_name(dialect)
    for at, op in enumerate(upgrade.ops):
        if isinstance(op, ops.ModifyTableOps):
            has_unnamed_drop = False
            gone = {str(each.constraint_name) for each in op.ops if isinstance(each, ops.DropConstraintOp)}
            gone |= {str(each.index_name) for each in op.ops if isinstance(each, ops.DropIndexOp)}
            schema = None if op.schema == dialect.default_schema_name else op.schema
            for each in op.ops:
                if isinstance(each, (ops.CreateForeignKeyOp, ops.CreateUniqueConstraintOp)) and each.constraint_name is None:
                    columns = each.local_cols if isinstance(each, ops.CreateForeignKeyOp) else columns_of(each)
                    ending = "fkey" if isinstance(each, ops.CreateForeignKeyOp) else "key"
                    others = {name for place, name in taken if place == schema} - gone
                    each.constraint_name = free_name(op.table_name, columns, ending, longest, others)
                    gone.discard(each.constraint_name)
                    taken.add((schema, each.constraint_name))
                elif isinstance(each, ops.DropConstraintOp) and each.constraint_name is None:
                    has_unnamed_drop = name_dropped(each, op.table_name, longest) or has_unnamed_drop
            if has_unnamed_drop and dialect.name == "sqlite":
                upgrade.ops[at] = Batch(op.table_name, op.ops, schema=op.schema, convention=CONVENTION)


def columns_of(op: ops.CreateUniqueConstraintOp) -> list[str]:
    """The columns of a new unique constraint."""
    return [str(getattr(column, "name", column)) for column in op.columns]


def name_dropped(op: ops.DropConstraintOp, table: str, longest: int) -> bool:
    """Name a constraint that goes and has no name in the database."""
    constraint = op.to_constraint()
    ending = ENDINGS.get(type(constraint))
    if ending is None:
        return False
    columns = getattr(constraint, "column_keys", None) or [column.name for column in getattr(constraint, "columns", ())]
    op.constraint_name = name_for(table, map(str, columns), ending, longest)
    return True


def with_names(table: Table, into: MetaData, dialect: Any, in_use: set[Key]) -> Table:
    """A copy of a model's table in which every constraint has a name; the model stays as it is.

    in_use: also has the new names afterwards.
    """
    longest = longest_name(dialect)
    made = table.to_metadata(into)
    for column in made.columns:
        own = table.columns[column.key].type
        if getattr(own, "schema", None) != getattr(column.type, "schema", None):
            column.type = own  # SQLAlchemy 2.1 moves enum types to the schema of the table they are copied with
    take_out_of_columns(made)
    own_names: dict[Any, Any] = {}
    for each in (*table.constraints, *checks_of(table)):
        what = what_it_is(each, table)
        own_names[what] = each.name if own_names.get(what) is None else own_names[what]
    schema = None if table.schema == dialect.default_schema_name else table.schema
    taken = {str(each.name) for each in made.constraints if each.name is not None}
    taken |= {name for place, name in in_use if place == schema}
    for constraint in sorted(made.constraints, key=order_of):
        ending = ENDINGS.get(type(constraint))
        if constraint.name is not None or ending is None or getattr(constraint, "_type_bound", False):
            continue
        # A column's own constraint is made anew for the copy, without what a naming convention has called it.
        constraint.name = own_names.get(what_it_is(constraint, made))
        if any(each.name == constraint.name is not None for each in made.constraints if each is not constraint):
            made.constraints.discard(constraint)  # ``unique=True``, and the same again with a name
        if constraint.name is not None:
            taken.add(str(constraint.name))
            continue
        constraint.name = free_name(made.name, columns_in(constraint, made), ending, longest, taken)
        taken.add(str(constraint.name))
    in_use |= {(schema, name) for name in taken}
    return made


def what_it_is(constraint: Constraint, table: Table) -> tuple[type, tuple[str, ...], str]:
    """What two constraints have in common that are the same but for their names."""
    text = str(constraint.sqltext) if isinstance(constraint, CheckConstraint) else ""
    return type(constraint), tuple(columns_in(constraint, table)), text


def checks_of(model: Table) -> list[CheckConstraint]:
    """The checks of a table, those that stand with a column as well."""
    every = [*model.constraints, *(each for column in model.columns for each in column.constraints)]
    return [each for each in every if isinstance(each, CheckConstraint)]


def take_out_of_columns(table: Table) -> None:
    """Have the checks that stand with a column stand with the table: Alembic writes no others into a file."""
    for column in table.columns:
        for each in [each for each in column.constraints if isinstance(each, CheckConstraint)]:
            column.constraints.discard(each)
            table.append_constraint(CheckConstraint(each.sqltext, name=each.name))


def order_of(constraint: Constraint) -> int:
    """The order in which a model says them."""
    return int(getattr(constraint, "_creation_order", 0))


def columns_in(constraint: Constraint, table: Table) -> list[str]:
    """The columns of a constraint; of a check, the only one that it is about."""
    if isinstance(constraint, CheckConstraint):
        words = set(re.findall(r"[\w$]+", re.sub(r"'(?:[^']|'')*'", "", str(constraint.sqltext))))
        about = [column.name for column in table.columns if column.name in words]
        return about if len(about) == 1 else []
    if isinstance(constraint, ForeignKeyConstraint):
        return [str(key) for key in constraint.column_keys]
    return [column.name for column in getattr(constraint, "columns", ())]
