"""A database in its own words: everything in which two tools could leave it different."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa

from kit import Database

# Not the texts: Alembic writes a table anew as it has understood it, Whimbrel leaves alone what nothing changes.
USERS_TABLES = "sqlite_master m join {0}(m.name) x where m.type = 'table' and m.name not like 'sqlite!_%' escape '!'"
SQLITE = {
    "columns": f"""
        select m.name, x.cid, x.name, x.type, x."notnull", trim(x.dflt_value, '()'), x.pk, x.hidden
        from {USERS_TABLES.format("pragma_table_xinfo")}""",
    "indexes": f"""
        select m.name, case x.origin when 'c' then x.name end, x."unique", x.partial,
               (select group_concat(name) from pragma_index_info(x.name))
        from {USERS_TABLES.format("pragma_index_list")}""",
    "foreign keys": f"""
        select distinct m.name, x.seq, x."table", x."from", x."to", x.on_update, x.on_delete
        from {USERS_TABLES.format("pragma_foreign_key_list")}""",
    "others": """
        select type, name, tbl_name, sql from sqlite_master
        where type in ('view', 'trigger') and name not like 'sqlite!_%' escape '!' and name not like 'whimbrel!_%' escape '!'""",
}
OURS = "n.nspname not in ('information_schema', 'pg_catalog', 'pg_toast', 'whimbrel')"
POSTGRESQL = {
    "columns": f"""
        select c.oid::regclass::text, row_number() over (partition by c.oid order by attnum), attname,
               format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, pg_get_expr(adbin, adrelid)
        from pg_attribute join pg_class c on c.oid = attrelid join pg_namespace n on n.oid = relnamespace
        left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where {OURS} and relkind in ('r', 'p', 'v', 'm') and attnum > 0 and not attisdropped""",
    "constraints": f"""
        select conrelid::regclass::text, conname, pg_get_constraintdef(c.oid), convalidated
        from pg_constraint c join pg_namespace n on n.oid = connamespace where {OURS}""",
    "indexes": f"""
        select pg_get_indexdef(indexrelid), indisvalid
        from pg_index join pg_class c on c.oid = indexrelid join pg_namespace n on n.oid = relnamespace where {OURS}""",
    "enums": f"""
        select typname, row_number() over (partition by typname order by enumsortorder), enumlabel
        from pg_enum join pg_type t on t.oid = enumtypid join pg_namespace n on n.oid = typnamespace where {OURS}""",
    "sequences": "select schemaname, sequencename, data_type::text from pg_sequences where schemaname <> 'whimbrel'",
    "views": f"select schemaname, viewname, definition from pg_views v join pg_namespace n on nspname = schemaname where {OURS}",
    "triggers": "select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal",
    "functions": f"""
        select pg_get_functiondef(p.oid) from pg_proc p join pg_namespace n on n.oid = pronamespace
        where {OURS} and prokind = 'f'""",
}
MARIADB = {
    "views": "select table_name, view_definition from information_schema.views where table_schema = database()",
    "triggers": "select trigger_name, action_statement from information_schema.triggers where trigger_schema = database()",
}
NEW = re.compile(
    r"""
      [0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}  # a random UUID
    | [\w-]{43}=                                                               # 32 random bytes
    | 20(?:2[6-9]|[3-9]\d)-\d\d-\d\d[ T][\d:.]+(?:\+\d\d:\d\d)?                  # the time of day, after 2025
    | \b1(?:7[7-9]|[89]\d)\d{7}\b                                             # the same in seconds since 1970
    """,
    re.VERBOSE,
)
"""What no two runs share. The rows that tests insert are older, and their ids are not random."""
UNORDERED = re.compile(r"(CONSTRAINT|PRIMARY KEY|FOREIGN KEY|UNIQUE|CHECK|KEY)\b")
COUNTER = re.compile(r" AUTO_INCREMENT=\d+")


def structure(database: Database) -> dict[str, list[str]]:
    """The schema, as the server itself writes it down."""
    queries = {"sqlite": SQLITE, "postgresql": POSTGRESQL, "mariadb": MARIADB}[database.kind]
    with database.engine.connect() as connection:
        found = {what: [tidy(row) for row in connection.execute(sa.text(query))] for what, query in queries.items()}
        if database.kind == "mariadb":
            for table in tables(connection):
                found[table] = [tidy(row) for row in connection.execute(sa.text(f"show create table {table}"))]
    return {what: sorted(map(repr, facts)) for what, facts in found.items()}


def rows(database: Database) -> dict[str, list[str]]:
    """The rows of every table, the version tables among them."""
    with database.engine.connect() as connection:
        return {
            table: sorted(
                NEW.sub("new", repr({name: None if value is None else str(value) for name, value in row.items()}))
                for row in connection.execute(sa.text(f"select * from {table}")).mappings()
            )
            for table in tables(connection)
        }


def tables(connection: sa.Connection) -> list[str]:
    """Every table as it is written in SQL, in whatever schema it is; but not our journal."""
    found, quote = sa.inspect(connection), connection.dialect.identifier_preparer.quote
    if connection.dialect.name != "postgresql":
        return [quote(name) for name in found.get_table_names() if not name.startswith("whimbrel_")]
    schemas = [name for name in found.get_schema_names() if name not in ("information_schema", "whimbrel")]
    return [f"{quote(schema)}.{quote(name)}" for schema in schemas for name in found.get_table_names(schema)]


def tidy(row: sa.Row[Any]) -> tuple[Any, ...]:
    """A row in which a CREATE TABLE is taken apart."""
    return tuple(clauses(value) if isinstance(value, str) and value.startswith("CREATE TABLE") else value for value in row)


def clauses(sql: str) -> list[str]:
    """A CREATE TABLE in parts: columns in their order, then constraints and indexes, sorted.

    SQLAlchemy and Alembic keep those in sets: they come in another order each time.
    """
    body, end = sql[sql.index("(") + 1 : sql.rindex(")")], sql[sql.rindex(")") + 1 :]
    parts, depth, quote = [""], 0, ""
    for char in body:
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        else:
            depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and not depth and not quote:
            parts.append("")
        else:
            parts[-1] += char
    parts = [" ".join(part.split()) for part in parts]
    unordered = sorted(part for part in parts if UNORDERED.match(part))
    return [*(part for part in parts if part not in unordered), *unordered, COUNTER.sub("", end)]
