"""What PostgreSQL does not let a column of an enum type leave it for: dropped for a while, and made again as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, text

from ._structure import Dependent
from ._views import depending, making

OWN = """
    select 'DROP INDEX ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid)
    from pg_index i
    where i.indrelid = to_regclass(:name) and (i.indexprs is not null or i.indpred is not null)
      and not exists (select from pg_constraint c where c.conindid = i.indexrelid)
    union all
    select format('ALTER TABLE %s DROP CONSTRAINT %I', cast(:name as text), conname),
        format('ALTER TABLE %s ADD CONSTRAINT %I %s', cast(:name as text), conname, pg_get_constraintdef(oid))
    from pg_constraint where conrelid = to_regclass(:name) and contype in ('c', 'x')
"""
COMPUTED = """
    select a.attname, a.attnum, format('ALTER TABLE %s DROP COLUMN %I', cast(:name as text), a.attname),
        format('ALTER TABLE %s ADD COLUMN %I %s GENERATED ALWAYS AS (%s)%s%s', cast(:name as text), a.attname,
            format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid),
            case a.attgenerated when 's' then ' STORED' else '' end, case when a.attnotnull then ' NOT NULL' else '' end)
    from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attrelid = to_regclass(:name) and a.attgenerated <> '' and not a.attisdropped
      and exists (select from pg_depend p where p.classid = 'pg_attrdef'::regclass and p.objid = d.oid
                  and p.refobjid = a.attrelid
                  and p.refobjsubid = (select attnum from pg_attribute where attrelid = a.attrelid and attname = :column))
"""
INDEXES = """
    select pg_get_indexdef(indexrelid) from pg_index
    where indrelid = to_regclass(:name) and cast(:number as smallint) = any (indkey::smallint[])
"""


def dependents(connection: Connection, type_name: str, users: Iterable[tuple[str, str]]) -> list[Dependent]:
    """Views, computed columns, and the indexes and constraints that name the type; as ``Dialect.dependents``."""
    cast = re.compile(rf'::(?:"(?:[^"]|"")+"\.|\w+\.)?"?{re.escape(type_name)}"?(?![\w"])')
    views, others = dict[int, tuple[int, Dependent]](), dict[str, Dependent]()
    for name, column in users:
        for view in depending(connection, name, column):
            drop, *create = making(connection, view)
            if view.oid not in views or views[view.oid][0] < view.depth:
                views[view.oid] = (view.depth, Dependent(drop, tuple(create), view.name.rpartition(".")[2].strip('"'), True))
        found = [*computed(connection, name, column), *of_table(connection, name, cast)]
        others |= {each.drop: each for each in found}
    in_order = sorted(views.values(), key=lambda pair: -pair[0])
    return [*(each for _, each in in_order), *others.values()]


def of_table(connection: Connection, name: str, cast: re.Pattern[str]) -> Iterator[Dependent]:
    """Indexes and constraints that name the type."""
    for drop, create in connection.execute(text(OWN), {"name": name}):
        if cast.search(create):
            yield Dependent(drop, (create,))


def computed(connection: Connection, name: str, column: str) -> Iterator[Dependent]:
    """Columns that are computed from it, with their indexes."""
    for own, number, drop, create in connection.execute(text(COMPUTED), {"name": name, "column": column}).all():
        indexes = connection.execute(text(INDEXES), {"name": name, "number": number}).scalars()
        yield Dependent(drop, (create, *indexes), own)
