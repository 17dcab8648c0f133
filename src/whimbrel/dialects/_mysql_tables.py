"""What a table of MySQL or MariaDB is, as far as it decides what a change of it costs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

ENGINE = re.compile(r"(?:^\s*|\bTABLE\s+(?:IF\s+EXISTS\s+)?\S+\s+|,\s*)ENGINE\s+`?(\w+)|\bENGINE\s*=\s*`?(\w+)", re.IGNORECASE)
TEXT = re.compile(r"(\bENGINE\s*=?\s*)?'((?:[^'\\]|''|\\.)*)'", re.IGNORECASE)


@dataclass(frozen=True)
class There:
    """A table: engine, row_format and charset in capitals. has: FULLTEXT, VIRTUAL, STORED, where an index or column is that."""

    engine: str = "INNODB"
    row_format: str = ""
    charset: str = "UTF8MB4"
    has: frozenset[str] = frozenset()

    @property
    def is_online(self) -> bool:
        """Whether it can be changed while it is used: only InnoDB can ("InnoDB Online DDL Overview", MariaDB manual)."""
        return self.engine == "INNODB"


def there(table: tuple[str | None, str], live: Any) -> There:
    """A table as the server tells it; the usual one where nobody knows."""
    known = live.known_as(table)
    if known is None:
        return There()
    where = where_is(known)
    found = live.some(
        "select upper(coalesce(engine, 'InnoDB')), upper(coalesce(row_format, '')),"
        f" upper(substring_index(coalesce(table_collation, 'utf8mb4_'), '_', 1)) from information_schema.tables {where}"
    )
    more = live.some(
        f"select index_type from information_schema.statistics {where}"
        f" union select substring_index(upper(extra), ' ', 1) from information_schema.columns {where}"
    )
    if not found:
        return There()
    engine, row_format, charset = map(str, found[0])
    return There(engine, row_format, charset, frozenset(str(row[0]) for row in more))


def where_is(table: tuple[str | None, str]) -> str:
    """The condition for a table in the information schema."""
    schema, name = ("'" + part.replace("'", "''") + "'" if part else "database()" for part in table)
    return f"where table_schema = {schema} and table_name = {name}"


def engine_in(statement: str) -> str | None:
    """The engine that an ALTER TABLE, or a clause of it, names, in capitals."""
    found = ENGINE.search(TEXT.sub(lambda text: f"{text[1]}{text[2]}" if text[1] else "''", statement))
    return (found[1] or found[2]).upper() if found else None
