"""What PostgreSQL has besides tables, as far as models may name it: sequences, extensions, exclude constraints."""

from __future__ import annotations

from sqlalchemy import Connection, text

from ._structure import NamedObjects

SEQUENCES = """
select s.schemaname, s.sequencename, s.increment_by
from pg_sequences s
join pg_class c on c.relname = s.sequencename and c.relnamespace = to_regnamespace(quote_ident(s.schemaname))
where not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i', 'e'))
"""
EXCLUSIONS = """
select n.nspname, t.relname, c.conname, pg_get_constraintdef(c.oid)
from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
where c.contype = 'x'
"""

INDEX_TEXTS = """
    select schemaname, tablename, indexname, indexdef from pg_indexes
    where schemaname not in ('pg_catalog', 'information_schema') and schemaname !~ '^pg_(toast|temp)'
"""
COLLATIONS = """
    select n.nspname, c.relname, a.attname, l.collname
    from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
    join pg_type t on t.oid = a.atttypid join pg_collation l on l.oid = a.attcollation
    where a.attcollation <> t.typcollation and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p')
      and n.nspname not in ('pg_catalog', 'information_schema')
"""
UNIQUE_TEXTS = """
    select n.nspname, t.relname, c.conname, pg_get_constraintdef(c.oid)
    from pg_constraint c join pg_class t on t.oid = c.conrelid join pg_namespace n on n.oid = t.relnamespace
    where c.contype = 'u' and n.nspname not in ('pg_catalog', 'information_schema')
"""


def named_objects(connection: Connection) -> NamedObjects:
    """Three queries; None for the default schema. Sequences that belong to a column or an extension are left out."""
    default = connection.dialect.default_schema_name

    def schema(name: str) -> str | None:
        return None if name == default else name

    sequences = {(schema(space), name): int(step) for space, name, step in connection.execute(text(SEQUENCES))}
    extensions = frozenset(connection.execute(text("select extname from pg_extension")).scalars())
    exclusions: dict[tuple[str | None, str], dict[str, str]] = {}
    for space, table, name, definition in connection.execute(text(EXCLUSIONS)):
        exclusions.setdefault((schema(space), table), {})[name] = definition
    return NamedObjects(sequences, extensions, exclusions)


def texts(connection: Connection, query: str) -> dict[tuple[tuple[str | None, str], str], str]:
    """What the server writes of something that tables have, by table and name."""
    default = connection.dialect.default_schema_name
    return {
        ((None if schema == default else schema, table), name): sql
        for schema, table, name, sql in connection.execute(text(query))
    }
