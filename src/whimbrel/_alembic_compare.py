"""Alembic's comparison of models with a database, made to look where we want it to; as ``_alembic``."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

from alembic.autogenerate import compare
from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from sqlalchemy import MetaData, Table
from sqlalchemy.exc import SAWarning
from sqlalchemy.schema import sort_tables

from ._alembic import RunContext


def metadatas_of(metadata: Any) -> list[MetaData]:
    """What env.py gave as target_metadata, as a list."""
    return list(metadata) if isinstance(metadata, (list, tuple)) else [metadata] if metadata is not None else []


class Comparing(AutogenContext):
    """An AutogenContext that looks at an Inspector of ours, in these schemas, whatever ``include_schemas`` says."""

    def __init__(self, context: RunContext, inspector: Any, schemas: Collection[str | None]) -> None:
        own = context.opts.get("include_name")

        def includes(name: str | None, type_: Any, parents: Any) -> bool:
            if type_ == "schema" and name not in schemas:
                return False
            return own is None or bool(own(name, type_, parents))

        several = bool(set(schemas) - {None})
        super().__init__(context, opts={**context.opts, "include_schemas": several, "include_name": includes})
        self.__dict__["inspector"] = inspector  # a memoized property there

    @property
    def has_own_comparators(self) -> bool:
        """Whether a plugin, or the project, compares besides Alembic."""
        registry = getattr(self, "comparators", compare.comparators)._registry
        functions = (each[0] if isinstance(each, tuple) else each for found in registry.values() for each in found)
        return any(not function.__module__.startswith("alembic.") for function in functions)

    def leave_out(self, keys: Collection[tuple[str | None, str]], default_schema: str | None) -> None:
        """Do not look at these tables: they are what their models say."""
        own = self.run_object_filters

        def filtered(thing: Any, name: Any, type_: Any, reflected: bool, compare_to: Any) -> bool:
            if type_ == "table" and not reflected:
                schema = None if thing.schema == default_schema else thing.schema
                if (schema, thing.name) in keys:
                    return False
            return own(thing, name, type_, reflected, compare_to)

        def is_left(table: Table) -> bool:
            return (None if table.schema == default_schema else table.schema, table.name) not in keys

        self.__dict__["run_object_filters"] = filtered
        inspector: Any = self.inspector
        inspector.left_out = set(keys)
        if keys:
            every = chain.from_iterable(metadata.tables.values() for metadata in metadatas_of(self.metadata))
            # Putting all of them in order takes a time that grows with the square of their number.
            with without_known_warnings():
                self.__dict__["sorted_tables"] = sort_tables([table for table in every if is_left(table)])

    def fill(self, upgrade: ops.UpgradeOps) -> None:
        """Compare; ``alembic.autogenerate.produce_migrations`` does that with a context of its own."""
        with without_known_warnings():
            compare._produce_net_changes(self, upgrade)


@contextmanager
def without_known_warnings() -> Iterator[None]:
    """Tables that reference each other are put in order afterwards; indexes over expressions are compared by us."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Cannot correctly sort tables", SAWarning)
        warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index", SAWarning)
        yield
