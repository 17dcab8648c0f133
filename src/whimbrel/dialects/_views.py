"""Views, triggers and policies of PostgreSQL that stand in the way of a change: dropped, and made again as they were."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, text

from ..errors import Refused

DEPENDING = """
    with recursive depending(oid, depth) as (
        select r.ev_class, 1 from pg_depend d join pg_rewrite r on r.oid = d.objid
        where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
          and d.refobjid = to_regclass(:name)
          and d.refobjsubid = (select attnum from pg_attribute where attrelid = to_regclass(:name) and attname = :column)
          and r.ev_class <> d.refobjid
      union
        select r.ev_class, depth + 1 from depending p join pg_depend d on d.refobjid = p.oid
        join pg_rewrite r on r.oid = d.objid
        where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and r.ev_class <> p.oid and depth < 50
    )
    select c.oid, c.oid::regclass::text as name, c.relkind, pg_get_viewdef(c.oid) as body, c.reloptions as options,
        c.relowner::regrole::text as owner, obj_description(c.oid, 'pg_class') as comment, c.relispopulated as is_full,
        p.depth,
        array(select pg_get_indexdef(indexrelid) from pg_index where indrelid = c.oid) as indexes,
        array(select tgname::text from pg_trigger where tgrelid = c.oid and not tgisinternal)
        || array(select rulename::text from pg_rewrite where ev_class = c.oid and rulename <> '_RETURN')
        || array(select a.attname::text from pg_attribute a
                 left join pg_attrdef f on f.adrelid = a.attrelid and f.adnum = a.attnum
                 where a.attrelid = c.oid and a.attnum > 0 and (f.oid is not null or a.attacl is not null
                       or col_description(c.oid, a.attnum) is not null)) as more,
        array(select format('GRANT %s ON %s TO %s%s', a.privilege_type, c.oid::regclass,
                            case when a.grantee = 0 then 'PUBLIC' else a.grantee::regrole::text end,
                            case when a.is_grantable then ' WITH GRANT OPTION' else '' end)
              from aclexplode(c.relacl) a where a.grantee <> c.relowner) as grants
    from pg_class c join (select oid, max(depth) as depth from depending group by 1) p on p.oid = c.oid
    where c.relkind in ('v', 'm') order by p.depth
"""

USING = """
    select distinct c.oid::regclass::text from pg_depend d
    join pg_rewrite r on r.oid = d.objid join pg_class c on c.oid = r.ev_class
    where d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass and d.refobjid = to_regclass(:name)
      and c.relkind in ('v', 'm') and r.ev_class <> d.refobjid and (cast(:column as text) is null or d.refobjsubid =
          (select attnum from pg_attribute where attrelid = to_regclass(:name) and attname = :column))
    order by 1
"""

ATTACHED = """
    with used as (
        select d.classid, d.objid from pg_depend d
        where d.refclassid = 'pg_class'::regclass and d.refobjid = to_regclass(:name)
          and d.refobjsubid = (select attnum from pg_attribute where attrelid = to_regclass(:name) and attname = :column)
    )
    select format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass), pg_get_triggerdef(t.oid),
        case t.tgenabled when 'D' then format('ALTER TABLE %s DISABLE TRIGGER %I', t.tgrelid::regclass, t.tgname)
                         when 'R' then format('ALTER TABLE %s ENABLE REPLICA TRIGGER %I', t.tgrelid::regclass, t.tgname)
                         when 'A' then format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', t.tgrelid::regclass, t.tgname) end,
        format('COMMENT ON TRIGGER %I ON %s IS ', t.tgname, t.tgrelid::regclass)
            || quote_literal(obj_description(t.oid, 'pg_trigger'))
    from pg_trigger t
    where not t.tgisinternal and exists (select from used where classid = 'pg_trigger'::regclass and objid = t.oid)
    union all
    select format('DROP POLICY %I ON %s', p.polname, p.polrelid::regclass),
        format('CREATE POLICY %I ON %s AS %s FOR %s TO %s', p.polname, p.polrelid::regclass,
            case when p.polpermissive then 'PERMISSIVE' else 'RESTRICTIVE' end,
            case p.polcmd when 'r' then 'SELECT' when 'a' then 'INSERT' when 'w' then 'UPDATE' when 'd' then 'DELETE'
                else 'ALL' end,
            (select string_agg(case when r = 0 then 'PUBLIC' else r::regrole::text end, ', ') from unnest(p.polroles) r))
        || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
        || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', ''),
        null,
        format('COMMENT ON POLICY %I ON %s IS ', p.polname, p.polrelid::regclass)
            || quote_literal(obj_description(p.oid, 'pg_policy'))
    from pg_policy p where exists (select from used where classid = 'pg_policy'::regclass and objid = p.oid)
"""
"""Triggers and policies that name a column: what drops one, and what makes it again."""


@contextmanager
def without_dependents(connection: Connection, name: str, column: str) -> Iterator[None]:
    """Around a statement that changes a column. Raises Refused for a view that has more to it than can be made again.

    name: the table, as it stands in SQL. The views are dropped, and made again with owner, options, rights, comments and
    indexes, and so are triggers and policies that name the column; all in the transaction of the statement.
    """
    made = [list(making(connection, view)) for view in depending(connection, name, column)]
    attached = connection.execute(text(ATTACHED), {"name": name, "column": column}).all()
    made += [[statement for statement in row if statement is not None] for row in attached]
    before = type_of(connection, name, column) if made else None
    for drop, *_ in reversed(made):
        execute(connection, drop)
    yield
    after = type_of(connection, name, column) if made else None
    for _, *statements in made:
        for statement in statements:
            execute(connection, with_type(statement, before, after))


def views_on(connection: Connection, name: str, column: str | None) -> list[str]:
    """The views that use a table, or a column of it. name: the table, as it stands in SQL."""
    return list(connection.scalars(text(USING), {"name": name, "column": column}))


def type_of(connection: Connection, name: str, column: str) -> str | None:
    """The enum type of a column, as the server writes it; None where it is of another kind."""
    query = """
        select format_type(t.oid, null) from pg_attribute a join pg_type t on t.oid = a.atttypid
        where a.attrelid = to_regclass(:name) and a.attname = :column and t.typtype = 'e'
    """
    found = connection.scalar(text(query), {"name": name, "column": column})
    return None if found is None else str(found)


def with_type(statement: str, before: str | None, after: str | None) -> str:
    """A statement in which values of an enum type are of another one, which has taken its place."""
    if before is None or after is None or before == after:
        return statement
    return re.sub(rf"::{re.escape(before)}(?![\w\"])", f"::{after}", statement)


def depending(connection: Connection, name: str, column: str) -> list[Any]:
    """The views that use a column, and those that use them: first what others use.

    Raises Refused for one that has more to it than can be made again.
    """
    views = list(connection.execute(text(DEPENDING), {"name": name, "column": column}).all())
    for view in views:
        if view.more:
            raise Refused(
                f"The view {view.name} is about {name}.{column} and has triggers, rules or settings of its own"
                f" ({', '.join(view.more)}).",
                hint="Drop it first in the revision, and create it again afterwards.",
            )
    return views


def making(connection: Connection, view: Any) -> Iterator[str]:
    """What drops a view, and then what makes it as it is."""
    yield f"DROP {kind(view)} {view.name}"
    options = f" WITH ({', '.join(view.options)})" if view.options else ""
    data = "" if view.relkind == "v" or view.is_full else " WITH NO DATA"
    yield f"CREATE {kind(view)} {view.name}{options} AS {view.body.strip().rstrip(';')}{data}"
    if view.owner != connection.scalar(text("select current_user::regrole::text")):
        yield f"ALTER {kind(view)} {view.name} OWNER TO {view.owner}"
    if view.comment:
        quoted = view.comment.replace("'", "''")
        yield f"COMMENT ON {kind(view)} {view.name} IS '{quoted}'"
    yield from (*view.grants, *view.indexes)


def kind(view: Any) -> str:
    """What it is, as it stands in SQL."""
    return "MATERIALIZED VIEW" if view.relkind == "m" else "VIEW"


def execute(connection: Connection, statement: str) -> None:
    """Execute a statement whose ``%`` stand for themselves."""
    connection.exec_driver_sql(statement.replace("%", "%%"))
