"""Private names of Alembic and SQLAlchemy about columns, types and constraints; as ``_alembic``."""

from __future__ import annotations

from copy import copy
from typing import Any

from alembic.autogenerate import render
from alembic.autogenerate.api import AutogenContext
from alembic.util import sqla_compat


def type_text(type_: Any, context: AutogenContext) -> str:
    """A type of SQLAlchemy as it stands in a revision file."""
    return str(render._repr_type(type_, context))


def copy_of(column: Any) -> Any:
    """A column like another one, of no table; SQLAlchemy's public ``copy()`` is gone."""
    return column._copy()


def sequences_of(metadata: Any) -> list[Any]:
    """The sequences of a MetaData, those of columns too; SQLAlchemy has no public name for them."""
    return list(metadata._sequences.values())


def has_variants(type_: Any) -> bool:
    """Whether a type is another one in other databases."""
    return bool(sqla_compat._type_has_variants(type_))  # type: ignore[no-untyped-call]


def variants_of(type_: Any) -> dict[str, Any]:
    """What a type is in some databases, by their names; SQLAlchemy has no public name for that."""
    return dict(type_._variant_mapping)


def without_variants(type_: Any) -> Any:
    """What the type is in all other databases."""
    made = copy(type_)
    made.__dict__.pop("_variant_mapping", None)
    return made


def kind_of_type(type_: Any) -> Any:
    """What kind of values a type has, as Alembic compares them."""
    return type_._type_affinity


def is_in_batch(context: AutogenContext) -> bool:
    """Whether what is rendered stands in a ``with op.batch_alter_table(…)``."""
    return context._has_batch


def final_name(constraint: Any, dialect: Any) -> str | None:
    """The name that a constraint gets, by its naming convention too; None where the server chooses one."""
    found = sqla_compat._get_constraint_final_name(constraint, dialect)
    return None if found is None else str(found)
