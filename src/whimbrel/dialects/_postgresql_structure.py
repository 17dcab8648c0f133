"""What PostgreSQL's tables look like, and what it takes to change them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import REAL, Connection, text

from ._postgresql_dependents import computed, dependents
from ._postgresql_objects import COLLATIONS, INDEX_TEXTS, UNIQUE_TEXTS, named_objects, texts
from ._structure import Dependent, NamedObjects, Structure

OWNED_SEQUENCES = """
    select n.nspname, t.relname, a.attname, s.relname from pg_depend d
    join pg_class s on s.oid = d.objid and s.relkind = 'S'
    join pg_class t on t.oid = d.refobjid join pg_namespace n on n.oid = t.relnamespace
    join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
    where d.classid = 'pg_class'::regclass and d.refclassid = 'pg_class'::regclass and d.deptype = 'a'
"""
TABLES_OF_EXTENSIONS = """
    select n.nspname, c.relname from pg_depend d
    join pg_class c on c.oid = d.objid join pg_namespace n on n.oid = c.relnamespace
    where d.classid = 'pg_class'::regclass and d.deptype = 'e' and c.relkind in ('r', 'p')
"""


class PostgresqlStructure(Structure):
    """By its catalog."""

    has_schemas_inside = True

    def moving(self, table: str, schema: str) -> str:
        """With its indexes, constraints and the sequences of its columns (manual, ALTER TABLE)."""
        return f"ALTER TABLE {table} SET SCHEMA {schema}"

    def dependents(self, connection: Connection, type_name: str, users: Iterable[tuple[str, str]]) -> list[Dependent]:
        """By its catalog."""
        return dependents(connection, type_name, users)

    def computed_from(self, connection: Connection, columns: Iterable[tuple[str, str]]) -> list[Dependent]:
        """All of them (manual, ALTER TABLE)."""
        return list({each.drop: each for table, column in columns for each in computed(connection, table, column)}.values())

    def renaming(self, kind: str, table: str, old: str, new: str, schema: str | None) -> str | None:
        """ALTER INDEX, ALTER SEQUENCE, or a constraint of ALTER TABLE."""
        if kind in ("index", "sequence"):
            return f"ALTER {kind.upper()} {f'{schema}.' if schema else ''}{old} RENAME TO {new}"
        return f"ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}"

    def names_constraints_itself(self, name: str, table: str) -> bool:
        """As makeObjectName() in the server's source puts names together: table, column, what it is."""
        return name == f"{table}_pkey" or (name.startswith(f"{table}_") and name.endswith(("_key", "_fkey", "_check")))

    def numbering(self, connection: Connection) -> dict[tuple[str | None, str, str], str]:
        """The sequences that belong to columns: of SERIAL, not of IDENTITY."""
        default = connection.dialect.default_schema_name
        return {
            (None if schema == default else schema, table, column): sequence
            for schema, table, column, sequence in connection.execute(text(OWNED_SEQUENCES))
        }

    @contextmanager
    def reading(self, connection: Connection) -> Iterator[Connection]:
        """Without compiling queries, which takes longer than the queries about many tables do (manual, "When to JIT?")."""
        before = connection.scalar(text("select current_setting('jit', true)"))
        setting = text("select set_config('jit', :value, true)")
        if before == "on":
            connection.execute(setting, {"value": "off"})
        yield connection
        if before == "on":
            connection.execute(setting, {"value": before})

    def collations(self, connection: Connection) -> dict[tuple[str | None, str, str], str]:
        """Those that are not usual for the type; old releases of SQLAlchemy do not tell of them."""
        default = connection.dialect.default_schema_name
        return {
            (None if schema == default or schema.startswith("pg_temp") else schema, table, column): name
            for schema, table, column, name in connection.execute(text(COLLATIONS))
        }

    def index_texts(self, connection: Connection) -> dict[tuple[tuple[str | None, str], str], str]:
        """Every index as pg_get_indexdef() has it."""
        return texts(connection, INDEX_TEXTS)

    def unique_texts(self, connection: Connection) -> dict[tuple[tuple[str | None, str], str], str]:
        """Every unique constraint as pg_get_constraintdef() has it."""
        return texts(connection, UNIQUE_TEXTS)

    def is_same_type(self, there: Any, wanted: Any) -> bool:
        """FLOAT with a precision up to 24 is a REAL (manual, "Floating-Point Types")."""
        return isinstance(there, REAL) and wanted.__visit_name__.lower() == "float" and 0 < (wanted.precision or 0) < 25

    def named_objects(self, connection: Connection) -> NamedObjects | None:
        """All three of them."""
        return named_objects(connection)

    def tables_of_extensions(self, connection: Connection) -> set[tuple[str | None, str]]:
        """PostGIS's and the like."""
        default = connection.dialect.default_schema_name
        rows = connection.execute(text(TABLES_OF_EXTENSIONS))
        return {(None if schema == default else schema, name) for schema, name in rows}
