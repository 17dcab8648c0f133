"""An index is built CONCURRENTLY by PostgreSQL 14.0 to 14.3, which may leave rows out of it.

Nobody is told: queries that use the index do not find those rows. 14.4 does not do that.

Update the server first; or build the index without CONCURRENTLY.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..rule import Case, Found, Rule
from ._sql import statements

BUILDS = re.compile(r"(CREATE (UNIQUE )?INDEX|REINDEX (\(.*\) )?\w+) CONCURRENTLY", re.IGNORECASE)
FROM, TO = (14, 0), (14, 4)


def look(case: Case) -> Iterator[Found]:
    """CREATE INDEX and REINDEX CONCURRENTLY on such a server, on a table with rows."""
    effect, live = case.effect, case.live
    version = live.version
    if version is None or not FROM <= version < TO or effect is None or effect.table is None:
        return
    known = live.known_as(effect.table)
    if known is not None and live.has_rows(known) and any(map(BUILDS.match, statements(case))):
        number = ".".join(map(str, version))
        yield Found(case.planned.revision.id, f"PostgreSQL {number} may leave rows out of an index that it builds CONCURRENTLY")


rule = Rule(
    code="index-may-lack-rows",
    severity="danger",
    asks_database=True,
    why="These versions do not see rows that others change at the same time (release notes of PostgreSQL 14.4).",
    look=look,
    bad="""with op.get_context().autocommit_block():
        op.create_index("ix_person_name", "person", ["name"], postgresql_concurrently=True)""",
    good='op.create_index("ix_person_name", "person", ["name"])',
    on=("postgresql",),
    version=(14, 3),
)
