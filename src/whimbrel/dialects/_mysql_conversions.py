"""Which values another type of MySQL and MariaDB changes or refuses, as conditions in SQL.

Strict mode refuses most of them; without it they are cut off or become something else, and parts of a second are cut off in any
mode (MariaDB manual, "SQL_MODE" and "Microseconds in MariaDB").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ._conversions import MEMBER, RANGES, WHOLE, does_not_fit, is_number, is_text, loses_members

TYPE = re.compile(
    r"\s*(?P<name>[a-z]+\d?(?:\s+(?:varying|precision))?)\s*(?:\((?P<args>(?:[^()']|'(?:[^'\\]|''|\\.)*')*)\))?"
    r"(?P<unsigned>\s*unsigned)?",
    re.IGNORECASE,
)
SYNONYMS = {
    "integer": "int",
    "bool": "tinyint",
    "boolean": "tinyint",
    "dec": "decimal",
    "fixed": "decimal",
    "numeric": "decimal",
    "real": "double",
    "double precision": "double",
    "character": "char",
    "character varying": "varchar",
}
CHARSET = re.compile(r"\b(?:CHARACTER\s+SET|CHARSET)\s*=?\s*'?(\w+)", re.IGNORECASE)
COLLATION = re.compile(r"\bCOLLATE\s*=?\s*'?([a-z0-9]+)", re.IGNORECASE)
HOLDS_ALL = re.compile(r"utf8mb4|utf16|utf32|binary", re.IGNORECASE)
BYTES = {"tiny": (1 << 8) - 1, "": (1 << 16) - 1, "medium": (1 << 24) - 1}
MOMENTS = ("datetime", "timestamp")


@dataclass(frozen=True)
class Type:
    """A type: its name, without synonyms; what stands in its brackets, but a width; whether it has no sign."""

    name: str
    args: str = ""
    is_unsigned: bool = False

    @property
    def size(self) -> int | None:
        """The first number in brackets."""
        found = re.match(r"\s*(\d+)", self.args)
        return int(found[1]) if found else None

    @property
    def bytes(self) -> int | None:
        """How much a TEXT or BLOB takes; None for others, and where that is more than anybody has."""
        found = re.fullmatch(r"(tiny|medium|)(text|blob)", self.name)
        return BYTES[found[1]] if found else None


def parsed(text: str) -> Type:
    """A type as the server tells it, or as it stands in SQL."""
    found = TYPE.match(text)
    name = " ".join(found["name"].lower().split()) if found else ""
    name = SYNONYMS.get(name, name)
    has_width = name in RANGES or name == "year"  # for display only
    args = "" if found is None or has_width else re.sub(r"\s*,\s*", ",", (found["args"] or "").strip())
    return Type(name, args, bool(found and found["unsigned"]))


def lost(quoted: str, old: str, new: str, charset: str | None, usual: str) -> str | None:
    """The condition for values of a column that do not survive; None where all do, or nobody knows.

    quoted: the column. old: its type as the server tells it. charset: that of its texts; None where it has none. usual: that of
    the table, which a column gets with a type that names none.
    """
    before, after = parsed(old), parsed(new)
    found = [*of_types(quoted, before, after)] if before != after else []
    if charset and (is_text(after.name) or after.name in ("enum", "set")):
        found += of_charset(quoted, charset, charset_in(new) or usual)
    elif is_text(after.name) and is_read_as_text(before.name):  # bytes that are no letters
        found.append(f"BINARY CONVERT({quoted} USING {charset_in(new) or usual}) <> {quoted}")
    return " OR ".join(dict.fromkeys(f"({each})" for each in found)) or None


def charset_in(text: str) -> str | None:
    """The character set that a type or a clause names, or that of the collation that it names."""
    found = CHARSET.search(text) or COLLATION.search(text)
    return found[1] if found else None


def of_charset(quoted: str, old: str, new: str) -> Iterator[str]:
    """Letters that another character set has not."""
    if old.lower() != new.lower() and not HOLDS_ALL.match(new):
        there_and_back = f"CONVERT(CONVERT({quoted} USING {new}) USING utf8mb4)"
        yield f"BINARY {there_and_back} <> BINARY CONVERT({quoted} USING utf8mb4)"


def of_types(quoted: str, old: Type, new: Type) -> Iterator[str]:
    """What does not fit into another type."""
    if members := loses_members(quoted, f"{old.name}({old.args})", f"{new.name}({new.args})"):
        yield members
    elif new.name in ("enum", "set"):
        yield from of_members(quoted, old, new)
    elif new.name in ("char", "varchar"):
        yield from longer(quoted, "char_length", old, new.size or 1)
    elif new.name in ("binary", "varbinary"):
        yield from longer(quoted, "octet_length", old, new.size or 1)
    elif new.bytes is not None and not (old.bytes is not None and old.bytes <= new.bytes):
        yield from longer(quoted, "octet_length", old, new.bytes, width=4)
    elif new.name == "bit":
        if is_read_as_text(old.name):
            yield f"{quoted} NOT REGEXP '{WHOLE}'"
        yield not_whole(f"({quoted} + 0)", 0, (1 << (new.size or 1)) - 1)
    elif new.name == "json":
        yield f"NOT JSON_VALID({quoted})"
    elif new.name in ("uuid", "inet4", "inet6") and is_text(old.name):  # it reads them
        yield f"CAST({quoted} AS {new.name}) IS NULL"
    elif new.name in ("date", "time", "year", *MOMENTS):
        yield from of_times(quoted, old, new)
    else:
        yield from of_numbers(quoted, old, new)


def of_members(quoted: str, old: Type, new: Type) -> Iterator[str]:
    """What is no member of an ENUM, none or several of a SET; numbers count members, or add them up."""
    members = MEMBER.findall(new.args)
    if old.name == new.name:
        return
    if is_number(old.name):
        yield not_whole(quoted, 1, len(members)) if new.name == "enum" else not_whole(quoted, 0, (1 << len(members)) - 1)
    elif new.name == "enum":
        yield f"{quoted} NOT IN ({new.args})"
    else:
        one = "|".join(re.escape(each.replace("''", "'")).replace("\\", "\\\\").replace("'", "''") for each in members)
        yield f"CAST({quoted} AS CHAR) NOT REGEXP '^(({one})(,({one}))*)?$'"


def is_read_as_text(name: str) -> bool:
    """Whether values of a type are read where they become numbers or times."""
    return is_text(name) or name in ("binary", "varbinary", *(f"{size}blob" for size in BYTES), "longblob")


def not_whole(number: str, least: int, most: int) -> str:
    """The condition for numbers that are no integers in a range."""
    return f"{number} NOT BETWEEN {least} AND {most} OR {number} <> floor({number})"


def longer(quoted: str, measure: str, old: Type, most: int, width: int = 1) -> Iterator[str]:
    """Texts that are longer than another type takes. width: bytes of a letter, where bytes are counted."""
    is_shorter = old.name in ("char", "varchar", "binary", "varbinary") and (old.size or 1) * width <= most
    if not is_shorter or (measure == "octet_length" and width == 1 and is_text(old.name)):
        yield f"{measure}({quoted}) > {most}"


def of_times(quoted: str, old: Type, new: Type) -> Iterator[str]:
    """Texts that are no times, and what of a time has no place in another type."""
    is_time = old.name in ("date", "time", *MOMENTS)
    is_read = is_read_as_text(old.name) or old.name in ("enum", "set")
    precision = new.size or 0
    if old.name in ("year", "bit"):
        yield "1 = 1"  # nothing of it makes a time
    elif new.name == "year":
        yield "1 = 1" if is_time else f"CAST({quoted} AS CHAR) NOT REGEXP '^(19|20|21)[0-9][0-9]$'"
    elif is_read or is_number(old.name):
        whole = "TIME(6)" if new.name == "time" else "DATETIME(6)"
        kept = {"date": "DATE", "time": f"TIME({precision})"}.get(new.name, f"DATETIME({precision})")
        read = f"CAST({quoted} AS {whole})"
        yield f"{read} IS NULL OR CAST({read} AS {kept}) <> {read}"
        if is_read:  # of a day that is read as a time, or the other way round, its first number is left
            yield f"{quoted} REGEXP '{'[0-9]-' if new.name == 'time' else '^[[:space:]]*[+-]?[0-9]{1,3}:'}'"
        elif new.name == "time":
            yield f"{read} + 0 <> {quoted}"
        elif precision == 0:
            yield f"{quoted} <> floor({quoted})"
    elif {old.name, new.name} in ({"time", "date"}, {"time", "datetime"}, {"time", "timestamp"}):
        yield (
            "1 = 1"
            if new.name != "datetime" and new.name != "timestamp"
            else f"{quoted} NOT BETWEEN '0:00' AND '23:59:59.999999'"
        )
    elif new.name == "date" and old.name in MOMENTS:
        yield f"{quoted} <> CAST({quoted} AS DATE)"
    elif is_time and (old.size or 0) > precision:
        yield f"{quoted} <> CAST({quoted} AS {'TIME' if new.name == 'time' else 'DATETIME'}({precision}))"
    if new.name == "timestamp" and old.name in ("date", "datetime"):
        # Before 1970, after 2038, and in the hour that is left out in spring.
        yield f"NOT (FROM_UNIXTIME(UNIX_TIMESTAMP({quoted})) <=> CAST({quoted} AS DATETIME(6)))"


def of_numbers(quoted: str, old: Type, new: Type) -> Iterator[str]:
    """Numbers that are too large, have a sign or more places, and texts that are no numbers."""
    whole = f"decimal({new.args or '10,0'})" if new.name == "decimal" else new.name
    number, kind = quoted, old.name
    if is_read_as_text(old.name):
        if (pattern := does_not_fit(quoted, "text", whole, "NOT REGEXP")) is None:
            return
        yield pattern
        number, kind = f"CAST({quoted} AS DECIMAL(65, 30))", "decimal"
    elif old.name in ("date", "time", *MOMENTS):
        number, kind = f"({quoted} + 0)", "decimal"
    elif old.name == "float" and new.name == "decimal":
        number = f"CAST({quoted} AS CHAR)"  # 0.1, and not what it is in binary
    if has_room(old, new) or not is_number(kind):
        return
    if new.is_unsigned and not old.is_unsigned:
        yield f"{number} < 0"
    if new.is_unsigned and new.name in RANGES:
        yield f"{number} > {2 * RANGES[new.name] - 1}"
        if kind not in RANGES:
            yield f"{number} <> floor({number})"
    elif (condition := does_not_fit(number, kind, whole, "NOT REGEXP")) is not None:
        yield condition
    if new.name == "float" and kind != "float":
        yield f"CAST(CAST(CAST({number} AS FLOAT) AS CHAR) AS DOUBLE) <> CAST({number} AS DOUBLE)"
    elif new.name == "double" and kind in ("bigint", "decimal"):
        yield f"CAST(CAST({number} AS DOUBLE) AS DECIMAL(65, 30)) <> CAST({number} AS DECIMAL(65, 30))"


def has_room(old: Type, new: Type) -> bool:
    """Whether every integer of one type is one of another."""
    if old.name not in RANGES or new.name not in RANGES or (new.is_unsigned and not old.is_unsigned):
        return False
    most = [RANGES[each.name] << each.is_unsigned for each in (old, new)]
    return most[0] <= most[1]
