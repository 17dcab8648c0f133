"""A statement of a revision as the journal keeps it, with what the database answered.

When the rest of the revision is run later, what has been committed is not executed again: the revision is given the answers
of that time, of queries as well, and so takes the same way through its own code.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from itertools import groupby, islice
from typing import Any, Literal
from uuid import UUID

MOST_ROWS, MOST_STREAMED = 100_000, 10_000
MOST_CHARACTERS = 4_000_000
"""What is kept of the rows that one query, or INSERT … RETURNING, gives."""
LONGEST = 100_000  # characters of a statement
CHARACTERS_OF_A_PART = 1_000_000  # MariaDB takes 16 MB in one statement, MySQL before 8.0 4 MB
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")

ADDRESSES: tuple[type, ...] = (IPv4Address, IPv6Address, IPv4Interface, IPv6Interface, IPv4Network, IPv6Network)
Kind = Literal["write", "read", "void", "consent"]


class NotKeepable(Exception):
    """A value of a type that the journal has no form for."""


@dataclass(frozen=True)
class Answer:
    """What the cursor of the driver said after a statement.

    columns: name and type code of each, None where the statement gives no rows. rows: None where they were not kept.
    error: the names of the exception's classes and its arguments, where the statement failed.
    """

    rowcount: int = -1
    lastrowid: Any = None
    columns: tuple[tuple[str, int | None], ...] | None = None
    rows: tuple[tuple[Any, ...], ...] | None = None
    error: tuple[tuple[str, ...], tuple[Any, ...]] | None = None


@dataclass
class Statement:
    """One statement.

    values: stands for its parameters. kind: a "write" stays; a "read" changes nothing; "void" is what failed, or was rolled
    back, while the revision went on; a "consent" is no statement, but what was agreed to for the run. is_beside: on a
    connection that the revision opened itself (``db.session``).
    """

    text: str
    values: str
    kind: Kind = "write"
    is_beside: bool = False
    answer: Answer = field(default_factory=Answer)


def short(statement: str, width: int = 100) -> str:
    """A statement in one line."""
    words = " ".join(statement.split())
    return words if len(words) <= width else words[: width - 1] + "…"


def kept_text(text: str) -> str:
    """A statement as it is kept: of a very long one the beginning, and what stands for the rest."""
    if len(text) <= LONGEST:
        return text
    return f"{text[:1000]}… {hashlib.blake2b(text.encode('utf-8', 'backslashreplace'), digest_size=16).hexdigest()}"


def values_of(parameters: Any) -> str:
    """A short text that stands for the parameters of a statement."""
    if not parameters:
        return ""
    found = hashlib.blake2b(digest_size=8)
    for each in parameters if isinstance(parameters, list) else [parameters]:
        found.update(ADDRESS.sub("", repr(each)).encode("utf-8", "backslashreplace"))
    return found.hexdigest()


# -- cursors


class Cursor:
    """Stands for a cursor of the driver: it gives the rows that were kept, then what may be left in the driver's own."""

    def __init__(self, cursor: Any, answer: Answer, *, is_at_end: bool = True) -> None:
        self.cursor = cursor
        self.is_at_end = is_at_end
        self.rowcount = answer.rowcount
        self.lastrowid = answer.lastrowid
        self.description = None
        if answer.columns is not None:
            self.description = [(name, code, None, None, None, None, None) for name, code in answer.columns]
        self._rows = iter(answer.rows or ())

    def fetchone(self) -> Any:
        """The next row."""
        row = next(self._rows, None)
        return self.cursor.fetchone() if row is None and not self.is_at_end else row

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows; all that were kept where no number is given."""
        if size is None:
            return list(self._rows) or ([] if self.is_at_end else self.cursor.fetchmany())
        rows = list(islice(self._rows, size))
        return rows if rows or self.is_at_end else list(self.cursor.fetchmany(size))

    def fetchall(self) -> list[Any]:
        """All rows that are left."""
        return [*self._rows, *(() if self.is_at_end else self.cursor.fetchall())]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.fetchall())

    def __getattr__(self, name: str) -> Any:
        return getattr(self.cursor, name)


def answer_of(context: Any, cursor: Any) -> Answer:
    """What the cursor says; its rows are taken from it, and stay for those who ask the context.

    Of rows that come one by one because there are many (``stream_results``), fewer are taken.
    """
    rowcount, lastrowid = getattr(cursor, "rowcount", -1), getattr(cursor, "lastrowid", None)
    if not cursor.description:
        return Answer(rowcount, lastrowid)
    columns = tuple((str(each[0]), each[1] if isinstance(each[1], int) else None) for each in cursor.description)
    options = context.execution_options
    most = MOST_STREAMED if options.get("stream_results") or options.get("yield_per") else MOST_ROWS
    rows = list(cursor.fetchmany(most + 1))
    while len(rows) <= most and (more := cursor.fetchmany(most + 1 - len(rows))):
        rows += more  # not every driver gives as many as it is asked for
    answer = Answer(rowcount, lastrowid, columns, tuple(rows))
    give(context, Cursor(cursor, answer, is_at_end=False))
    is_short = len(rows) <= most and sum(map(length, rows)) <= MOST_CHARACTERS
    return answer if is_short else Answer(rowcount, lastrowid, columns)


def length(row: Iterable[Any]) -> int:
    """About how many characters a row takes."""
    return sum(len(value) if isinstance(value, (str, bytes)) else 8 for value in row)


def give(context: Any, cursor: Cursor) -> None:
    """Let SQLAlchemy read a result from this cursor."""
    context.cursor = cursor
    context.fetchall_for_returning = lambda _: cursor.fetchall()


def answer_again(context: Any, cursor: Any, statement: Statement) -> None:
    """Answer a statement that is not executed as it was when it ran, with an exception of the driver where that was one."""
    answer = statement.answer
    if answer.error is not None:
        names, arguments = answer.error
        driver = context.dialect.loaded_dbapi
        raise next(getattr(driver, name) for name in names if hasattr(driver, name))(*arguments)
    give(context, Cursor(cursor, answer))


def error_of(error: BaseException) -> Answer:
    """What is kept of an exception of the driver."""
    names = tuple(each.__name__ for each in type(error).__mro__ if issubclass(each, Exception))
    return Answer(error=(names, tuple(each if isinstance(each, int) else str(each) for each in error.args)))


# -- as JSON


def packed(statements: Iterable[Statement]) -> list[Any]:
    """Statements as JSON; the text of one that was executed many times is there once. A query without an answer is asked anew."""
    kept = (each for each in statements if each.kind != "read" or is_keepable(each.answer))
    grouped = groupby(kept, key=lambda each: (each.text, each.kind, each.is_beside))
    return [[*what, [packed_answer(each.values, each.answer) for each in group]] for what, group in grouped]


def is_keepable(answer: Answer) -> bool:
    """Whether every value of an answer has a form."""
    try:
        return answer.rows is not None and all(as_json(value) is not NotKeepable for row in answer.rows for value in row)
    except NotKeepable:
        return False


def packed_answer(values: str, answer: Answer) -> list[Any]:
    """Without what is empty at its end."""
    try:
        rows = None if answer.rows is None else [[as_json(value) for value in row] for row in answer.rows]
    except NotKeepable:
        rows = None
    last = answer.lastrowid if isinstance(answer.lastrowid, int) else None
    found = [values, answer.rowcount, last, answer.columns, rows, answer.error]
    while found[-1] is None:
        found.pop()
    return found


def unpacked(data: Sequence[Any]) -> tuple[Statement, ...]:
    """The statements again."""
    found = []
    for text, kind, is_beside, answers in data:
        for each in answers:
            values, rowcount, lastrowid, columns, rows, error = [*each, None, None, None, None][:6]
            answer = Answer(
                rowcount,
                lastrowid,
                None if columns is None else tuple((name, code) for name, code in columns),
                None if rows is None else tuple(tuple(as_value(value) for value in row) for row in rows),
                None if error is None else (tuple(error[0]), tuple(error[1])),
            )
            found.append(Statement(text, values, kind, is_beside, answer))
    return tuple(found)


def in_parts(statements: Sequence[Statement]) -> Iterator[list[Statement]]:
    """Statements in groups that are not too long to be written at once."""
    group: list[Statement] = []
    size = 0
    for each in statements:
        own = 40 + (0 if group and group[-1].text == each.text else len(each.text)) + sum(map(length, each.answer.rows or ()))
        if group and size + own > CHARACTERS_OF_A_PART:
            yield group
            group, size = [], 0
        group.append(each)
        size += own
    if group:
        yield group


def as_json(value: Any) -> Any:
    """A value of the driver as JSON: as it is, or in a list with the name of its type. Raises NotKeepable."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    for name, type_, write, _ in TYPES:
        if type(value) is type_:
            return [name, write(value)]
    raise NotKeepable


def as_value(data: Any) -> Any:
    """The value again."""
    if not isinstance(data, list):
        return data
    name, text = data
    return next(read for each, _, _, read in TYPES if each == name)(text)


TYPES: list[tuple[str, type, Any, Any]] = [
    ("float", float, repr, float),
    ("decimal", Decimal, str, Decimal),
    ("bytes", bytes, lambda value: base64.b64encode(value).decode(), base64.b64decode),
    ("datetime", datetime, datetime.isoformat, datetime.fromisoformat),
    ("date", date, date.isoformat, date.fromisoformat),
    ("time", time, time.isoformat, time.fromisoformat),
    ("seconds", timedelta, lambda value: [value.days, value.seconds, value.microseconds], lambda given: timedelta(*given)),
    ("uuid", UUID, str, UUID),
    *((cls.__name__.lower(), cls, str, cls) for cls in ADDRESSES),
    ("list", list, lambda value: [as_json(each) for each in value], lambda given: [as_value(each) for each in given]),
    ("tuple", tuple, lambda value: [as_json(each) for each in value], lambda given: tuple(as_value(each) for each in given)),
    (
        "dict",
        dict,
        lambda value: [[as_json(key), as_json(each)] for key, each in value.items()],
        lambda given: {as_value(key): as_value(each) for key, each in given},
    ),
]
"""The types whose values are kept, with their names, how to write them, and how to read them."""
