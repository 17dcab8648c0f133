"""All that can be said about a database, in its own words: what two tools must leave equal."""

from __future__ import annotations

import re

import sqlalchemy as sa

TABLES = {
    "sqlite": "select null, name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
    "postgresql": "select schemaname, tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')",
    "mysql": "select null, table_name from information_schema.tables where table_schema = database()",
}
# The name of a table is in every line about it.
STRUCTURE = {
    "sqlite": "select tbl_name, type, name, sql from sqlite_master where name not like 'sqlite_%'",
    "postgresql": """
        select attrelid::regclass::text, 'column ' || attnum,
               concat_ws(' ', attname, format_type(atttypid, atttypmod), attnotnull, attidentity, pg_get_expr(adbin, adrelid))
        from pg_attribute join pg_class c on c.oid = attrelid and relkind in ('r', 'p', 'v', 'm')
        left join pg_attrdef on adrelid = attrelid and adnum = attnum
        where attnum > 0 and not attisdropped and relnamespace in (select oid from own)
        union all
        select conrelid::regclass::text, 'constraint ' || conname, pg_get_constraintdef(oid)
        from pg_constraint where connamespace in (select oid from own)
        union all
        select indrelid::regclass::text, 'index', pg_get_indexdef(indexrelid)
        from pg_index join pg_class c on c.oid = indrelid where relnamespace in (select oid from own)
        union all
        select t.oid::regtype::text, 'enum', string_agg(enumlabel, ', ' order by enumsortorder)
        from pg_enum join pg_type t on t.oid = enumtypid where typnamespace in (select oid from own) group by t.oid
        union all
        select oid::regclass::text, 'sequence', '' from pg_class where relkind = 'S' and relnamespace in (select oid from own)
    """,
}
OWN = """with own as (select oid from pg_namespace where nspname !~ '^pg_|^information_schema$')"""


def everything(connection: sa.Connection) -> dict[str, list[str]]:
    """The structure and the rows of every table, the version table among them; but no version table without rows.

    Alembic creates it as soon as a command looks at the database, Whimbrel when there is something to write. Whimbrel's
    journal is its own affair.
    """
    kind = connection.dialect.name
    quote = connection.dialect.identifier_preparer.quote
    found = connection.execute(sa.text(TABLES[kind]))
    found = [(schema, name) for schema, name in found if not name.startswith("whimbrel_")]
    tables = [f"{quote(schema)}.{quote(name)}" if schema else quote(name) for schema, name in found]
    facts = {f"rows of {table}": rows(connection, table) for table in tables}
    unused = {table.rpartition(".")[2] for table in tables if facts[f"rows of {table}"] == ["('version_num',)"]}
    if kind == "mysql":
        facts["structure"] = sorted(line for table in tables for line in answers(connection, f"show create table {table}"))
    else:
        lines = answers(connection, (OWN if kind == "postgresql" else "") + STRUCTURE[kind])
        facts["structure"] = sorted(map(tidy, lines) if kind == "sqlite" else lines)
    unseen = {*unused, "whimbrel_"}
    kept = {name: [line for line in lines if not any(table in line for table in unseen)] for name, lines in facts.items()}
    return {name: lines for name, lines in kept.items() if name.rpartition(".")[2].removeprefix("rows of ") not in unused}


def rows(connection: sa.Connection, table: str) -> list[str]:
    """The names of the columns, and the rows."""
    result = connection.execute(sa.text(f"select * from {table}"))
    return [repr(tuple(result.keys())), *sorted(repr(tuple(row)) for row in result)]


def answers(connection: sa.Connection, query: str) -> list[str]:
    return [" | ".join(map(str, row)) for row in connection.execute(sa.text(query))]


def tidy(line: str) -> str:
    """A CREATE TABLE in which white space, quotes and the order of the constraints do not matter.

    Alembic writes a table anew from what it has understood of it, Whimbrel leaves the text alone that nothing changes.
    """
    head, _, body = line.partition("(")
    if "| table |" not in head:
        return line
    parts, depth = [""], 0
    for char in body[: body.rindex(")")]:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and not depth:
            parts.append("")
        else:
            parts[-1] += char
    parts = [" ".join(part.replace('"', "").split()) for part in parts]
    constraints = {part for part in parts if re.match("CONSTRAINT|PRIMARY|UNIQUE|CHECK|FOREIGN", part)}
    columns = [part for part in parts if part not in constraints]
    return " ".join(head.replace('"', "").split()) + f" ({', '.join([*columns, *sorted(constraints)])})"
