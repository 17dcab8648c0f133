"""What MODIFY and CHANGE of a column cost on MySQL and MariaDB: that depends on what the column is now."""

from __future__ import annotations

import re
from typing import Any

from ._conversions import MEMBER
from ._effects import Effect
from ._mysql_conversions import charset_in
from ._mysql_tables import there, where_is

NARROW = ("UTF8MB3", "UTF8MB4")
"""Character sets whose texts stand in the other one as they are."""
SYNONYMS = {"UTF8": "UTF8MB3"}
WIDTHS = {"UTF8MB4": 4, "UTF8MB3": 3}
"""Bytes of a letter."""


def of_modify(table: tuple[str | None, str], column: str, definition: str, live: Any) -> Effect:
    """One clause. definition: what stands after the name of the column."""
    known, name = live.known_as(table), live.column_known_as(table, column)
    if known is None or name is None:
        return Effect("type", table)
    rows = live.some(
        "select upper(column_type), is_nullable, upper(coalesce(character_set_name, '')), upper(extra)"
        f" from information_schema.columns {where_is(known)} and column_name = '{name}'"
    )
    is_there = there(table, live)
    if (known, name) in live.said:
        type_, may_be_null = live.said[known, name]
        rows = [(type_in(type_), {True: "YES", False: "NO"}.get(may_be_null), is_there.charset, "AUTO_INCREMENT")]
    new, words = type_in(definition), re.sub(r"'(?:[^'\\]|''|\\.)*'", "''", definition).upper()
    if not rows or not new:
        return Effect("type", table, "SHARED", "writes", "rewrite")
    old, nullable, charset, extra = rows[0]
    wanted = (charset_in(definition) or is_there.charset).upper()
    charset, wanted = (SYNONYMS.get(each, each) for each in (charset, wanted if charset else ""))
    if (charset, wanted) not in (NARROW, (charset, charset)):
        return Effect("type", table, "SHARED", "writes", "rewrite")
    if "AUTO_INCREMENT" in words and "AUTO_INCREMENT" not in extra:
        return Effect("numbered column", table, "SHARED", "writes", "rewrite")
    if is_same(old, new):
        is_same_nullable = (nullable == "YES") == ("NOT NULL" not in words)
        if not is_same_nullable and is_there.has & {"STORED", "FULLTEXT"}:
            return Effect("copy", table, "SHARED", "writes", "rewrite")
        if is_same_nullable and crosses(old, new, charset, wanted, live):
            return Effect("type", table, "SHARED", "writes", "rewrite")
        return Effect("alter", table) if is_same_nullable else Effect("not null", table, "NONE", "", "rewrite")
    if is_instant(old, new) and not crosses(old, new, charset, wanted, live):
        return Effect("type", table)
    return Effect("type", table, "SHARED", "writes", "rewrite")


def type_in(definition: str) -> str:
    """The type at the beginning of a definition, in capitals."""
    found = re.match(r"\w+(?:\s*\((?:[^()']|'[^']*')*\))?(?:\s+UNSIGNED)?", definition.strip(), re.IGNORECASE)
    return re.sub(r"\s*([(),])\s*", r"\1", found[0]).upper() if found else ""


def is_same(old: str, new: str) -> bool:
    """Whether two types are the same; widths of integers are for display only."""
    synonyms = {"INTEGER": "INT", "NUMERIC": "DECIMAL", "BOOL": "TINYINT", "BOOLEAN": "TINYINT"}

    def plain(text: str) -> str:
        base, bracket, rest = text.partition("(")
        base = synonyms.get(base, base)
        is_integer = base in ("INT", "BIGINT", "SMALLINT", "TINYINT", "MEDIUMINT")
        return base + (re.sub(r"^\d+\)", "", rest) if is_integer else bracket + rest)

    return plain(old) == plain(new)


def is_instant(old: str, new: str) -> bool:
    """Whether a change of type is a matter of the catalog: longer texts, values at the end."""
    sizes = [re.fullmatch(r"VARCHAR\((\d+)\)", each) for each in (old, new)]
    if sizes[0] and sizes[1]:
        return int(sizes[1][1]) >= int(sizes[0][1])
    if re.match(r"(ENUM|SET)\(", old) and new.startswith(old[:-1]):
        few, many = (len(MEMBER.findall(each)) for each in (old, new))
        return few > 255 or many <= 255 if old[0] == "E" else (few - 1) // 8 == (many - 1) // 8
    return False


def crosses(old: str, new: str, charset: str, wanted: str, live: Any) -> bool:
    """Whether a text may have more than 255 bytes from now on, so that its length takes two.

    Up to 127 MariaDB reads either (10.4, "Instant ADD COLUMN for InnoDB" and MDEV-15563).
    """
    sizes = [re.fullmatch(r"VARCHAR\((\d+)\)", each) for each in (old, new)]
    if not (sizes[0] and sizes[1]):
        return False
    before, after = (int(size[1]) * WIDTHS.get(name, 1) for size, name in zip(sizes, (charset, wanted), strict=True) if size)
    is_read = before <= 127 and getattr(live.sqla_dialect, "is_mariadb", False) and (live.version or (10, 4)) >= (10, 4)
    return before <= 255 < after and not is_read
