"""What rules about statements have in common."""

from __future__ import annotations

import re

from ...dialects import without_comments
from ...plan.step import Table
from ...plan.words import unquoted
from ..live import Live
from ..rule import Case

ALONG = re.compile(r"(?<!DELETE )(?<!UPDATE )\bCASCADE\b", re.IGNORECASE)


def statements(case: Case) -> list[str]:
    """The statements of a step, each in one line; none where this is not its first operation."""
    is_first = case.op is (case.step.operations or (None,))[0]
    name = case.live.sqla_dialect.name
    return [" ".join(without_comments(each, name).split()) for each in case.step.sql] if is_first else []


def is_first_of_revision(case: Case) -> bool:
    """Whether nothing of the revision stands before this operation."""
    return not case.earlier and case.op is (case.step.operations or (None,))[0]


def literal(text: str) -> str:
    """A text as it stands in SQL."""
    return "'" + text.replace("'", "''") + "'"


def cascades(case: Case) -> bool:
    """Whether what depends on something goes along with it: CASCADE is a word without meaning on MySQL (manual, DROP TABLE)."""
    return case.live.dialect.kind == "postgresql" and any(map(ALONG.search, map(unquoted, case.step.sql)))


def is_partitioned(live: Live, table: Table) -> bool:
    """Whether a table is one of partitions; not where nobody knows."""
    return bool(live.some(f"select 1 from pg_class where oid = to_regclass({literal(live.quoted(table))}) and relkind = 'p'"))


def users_of_type(live: Live, name: str) -> list[tuple[str | None, str]]:
    """The tables of PostgreSQL with a column of a type or domain, or of an array of it, the largest first."""
    query = (
        "select n.nspname, c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " join pg_namespace n on n.oid = c.relnamespace join pg_type t on t.oid = a.atttypid"
        f" where c.relkind in ('r', 'p') and not a.attisdropped and to_regtype({literal(name)}) in (t.oid, nullif(t.typelem, 0))"
        " group by 1, 2, c.oid order by pg_relation_size(c.oid) desc"
    )
    found = [live.key((schema, table)) for schema, table in live.some(query)]
    return [table for table in found if table not in live.created]
