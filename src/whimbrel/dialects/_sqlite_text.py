"""The text of a CREATE TABLE, taken apart so that one definition can change and the rest stays letter for letter.

Grammar: https://sqlite.org/lang_createtable.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest
from typing import Any

TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))
      | (?P<string>[xX]?'(?:[^']|'')*')
      | (?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])
      | (?P<word>[\w$]+)
      | (?P<mark>.)""",
    re.DOTALL | re.VERBOSE,
)
TABLE_CONSTRAINTS = frozenset({"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"})
STARTS = frozenset(
    {"CONSTRAINT", "PRIMARY", "NOT", "NULL", "UNIQUE", "CHECK", "DEFAULT", "COLLATE", "REFERENCES", "GENERATED", "AS"}
)
# A word that begins a clause, unless it stands behind one of these.
GOES_ON = {"NULL": {"NOT", "SET", "DEFAULT"}, "DEFAULT": {"SET"}, "AS": {"ALWAYS"}}


@dataclass(frozen=True)
class Token:
    """A piece of SQL: its kind (space, string, quoted, word, mark) and its text."""

    kind: str
    text: str

    @property
    def upper(self) -> str:
        """A keyword as it is compared; '' for what is none."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The identifier that it stands for."""
        return unquoted(self.text)


def tokens(sql: str) -> list[Token]:
    """All pieces of a text: put together, they are the text."""
    return [Token(match.lastgroup or "mark", match.group()) for match in TOKEN.finditer(sql)]


def text_of(pieces: Iterable[Token]) -> str:
    """The text of some pieces."""
    return "".join(piece.text for piece in pieces)


def words(pieces: Iterable[Token]) -> list[Token]:
    """The pieces that mean something."""
    return [piece for piece in pieces if piece.kind != "space"]


def unquoted(text: str) -> str:
    """An identifier without its quotes."""
    if text[:1] == "[":
        return text[1:-1]
    if text[:1] in ('"', "`", "'"):
        return text[1:-1].replace(text[0] * 2, text[0])
    return text


def same(name: str, other: str) -> bool:
    """Whether two identifiers are the same to SQLite."""
    return name.lower() == other.lower()


def split(pieces: list[Token]) -> Iterator[list[Token]]:
    """The parts between the commas that are in no parentheses."""
    depth, part = 0, list[Token]()
    for piece in pieces:
        depth += {"(": 1, ")": -1}.get(piece.text, 0) if piece.kind == "mark" else 0
        if piece.text == "," and not depth and piece.kind == "mark":
            yield part
            part = []
        else:
            part.append(piece)
    yield part


@dataclass
class Clause:
    """One clause of a column definition: what it begins with (NOT, CHECK, …), its name if it has one, its text."""

    kind: str
    name: str | None
    text: str


@dataclass
class Column:
    """A column definition in its parts, each with the white space in front of it."""

    name: str
    head: str
    type: str
    clauses: list[Clause]
    end: str = ""
    """White space and comments after it."""

    @property
    def text(self) -> str:
        """The definition."""
        return self.head + self.type + "".join(clause.text for clause in self.clauses) + self.end

    def has(self, kind: str) -> bool:
        """Whether there is a clause of that kind."""
        return any(clause.kind == kind for clause in self.clauses)

    def drop(self, kind: str) -> None:
        """Leave out the clauses of a kind."""
        self.clauses = [clause for clause in self.clauses if clause.kind != kind]

    @property
    def is_key_in_order(self) -> bool:
        """Whether it is the primary key, and not a DESC one, which never is the number of the row (lang_createtable.html, 5)."""
        keys = [clause for clause in self.clauses if clause.kind == "PRIMARY"]
        return bool(keys) and "DESC" not in {piece.upper for piece in tokens(keys[0].text)}

    @property
    def is_generated(self) -> bool:
        """Whether its values are computed."""
        return self.has("GENERATED") or self.has("AS")


@dataclass
class Constraint:
    """A table constraint: PRIMARY, UNIQUE, CHECK or FOREIGN, its name if it has one, the columns in its first parentheses."""

    kind: str
    name: str | None
    text: str
    columns: list[str] = field(default_factory=list)
    identifiers: set[str] = field(default_factory=set)
    """Every identifier in it, in lower case."""
    behind: Constraint | None = None
    """The one that it stands behind without a comma."""


@dataclass
class TableText:
    """A CREATE TABLE in its parts."""

    name: str
    before: str
    """As far as the opening parenthesis."""
    columns: list[Column]
    constraints: list[Constraint]
    after: str
    """From the closing parenthesis on."""

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if same(column.name, name)), None)

    def sql(self, quoted_name: str) -> str:
        """The statement, for a table of another name; the name is given as it stands in SQL."""
        text = ",".join(column.text for column in self.columns)
        before: Constraint | None = None
        for each in self.constraints:
            comma = "" if each.behind is not None and each.behind is before else ","
            text += comma + each.text
            before = each
        return f"CREATE TABLE {quoted_name} ({text}{self.after}"

    @property
    def has_rowid(self) -> bool:
        """Whether its rows have a number of their own: not WITHOUT ROWID."""
        return "WITHOUT" not in {piece.upper for piece in tokens(self.after)}

    @property
    def rowid_alias(self) -> str | None:
        """The column that is the number of a row (lang_createtable.html, 5); None where there is none."""
        listed = {each.columns[0].lower() for each in self.constraints if each.kind == "PRIMARY" and len(each.columns) == 1}
        keys = [column for column in self.columns if column.is_key_in_order or column.name.lower() in listed]
        return next((key.name for key in keys if key.type.strip().upper() == "INTEGER" and self.has_rowid), None)

    @property
    def is_autoincrement(self) -> bool:
        """Whether the highest number ever given is remembered."""
        return any(
            "AUTOINCREMENT" in {piece.upper for piece in tokens(clause.text)}
            for column in self.columns
            for clause in column.clauses
        )


def parse(sql: str) -> TableText:
    """Take a statement apart. Raises ValueError for a text that is no CREATE TABLE with columns."""
    pieces = tokens(sql)
    opening = next((n for n, piece in enumerate(pieces) if piece.text == "(" and piece.kind == "mark"), None)
    if opening is None:
        raise ValueError("no columns")
    depth, closing = 0, len(pieces)
    for n in range(opening, len(pieces)):
        if pieces[n].kind == "mark":
            depth += {"(": 1, ")": -1}.get(pieces[n].text, 0)
        if not depth:
            closing = n
            break
    columns: list[Column] = []
    constraints: list[Constraint] = []
    for part in split(pieces[opening + 1 : closing]):
        first = words(part)[0]
        if first.kind == "word" and first.upper in TABLE_CONSTRAINTS:
            together = [constraint(each) for each in apart(part)]
            for one, other in pairwise(together):
                other.behind = one
            constraints += together
        else:
            columns.append(column(part))
    name = words(pieces[:opening])[-1].name
    space = take_end(constraints[-1] if constraints else columns[-1])
    return TableText(name, text_of(pieces[:opening]), columns, constraints, space + text_of(pieces[closing:]))


def apart(pieces: list[Token]) -> Iterator[list[Token]]:
    """Table constraints that may stand behind each other without a comma."""
    depth, part = 0, list[Token]()
    for piece in pieces:
        found = words(part)
        is_named = bool(found) and found[0].upper == "CONSTRAINT" and len(found) <= 2
        if not depth and found and not is_named and piece.upper in TABLE_CONSTRAINTS:
            yield part
            part = []
        depth += {"(": 1, ")": -1}.get(piece.text, 0) if piece.kind == "mark" else 0
        part.append(piece)
    yield part


def take_end(last: Constraint | Column) -> str:
    """Take the white space off the last definition: it is that of the closing parenthesis, and what is added comes before it."""
    end = last.text if isinstance(last, Constraint) else last.end
    kept = end.rstrip()
    if "--" in kept.rpartition("\n")[2]:
        return ""  # a comment ends with its line
    if isinstance(last, Constraint):
        last.text = kept
    else:
        last.end = kept
    return end[len(kept) :]


def column(pieces: list[Token]) -> Column:
    """Take a column definition apart."""
    end = len(pieces)
    while end and pieces[end - 1].kind == "space":
        end -= 1
    at = next(n for n, piece in enumerate(pieces) if piece.kind != "space")
    starts = list(clause_starts(pieces, at + 1, end))
    bounds = [spaces_before(pieces, start) for start in starts]
    stops = [*bounds[1:], end][: len(bounds)]
    type_end = bounds[0] if bounds else end
    clauses = [clause(pieces[bound:stop]) for bound, stop in zip(bounds, stops, strict=True)]
    return Column(pieces[at].name, text_of(pieces[: at + 1]), text_of(pieces[at + 1 : type_end]), clauses, text_of(pieces[end:]))


def spaces_before(pieces: list[Token], at: int) -> int:
    """Where the white space in front of a piece begins."""
    while pieces[at - 1].kind == "space":
        at -= 1
    return at


def clause_starts(pieces: list[Token], start: int, end: int) -> Iterator[int]:
    """Where the clauses of a column definition begin."""
    depth, before, named = 0, "", False
    for n in range(start, end):
        piece = pieces[n]
        if piece.kind == "space":
            continue
        if piece.kind == "mark":
            depth += {"(": 1, ")": -1}.get(piece.text, 0)
        word = piece.upper
        if not depth and word in STARTS and before not in GOES_ON.get(word, ()) and before != "CONSTRAINT":
            following = next((each.upper for each in pieces[n + 1 : end] if each.kind != "space"), "")
            if not (word == "NOT" and following == "DEFERRABLE"):
                if not named:
                    yield n
                named = word == "CONSTRAINT"
        before = word or piece.text


def clause(pieces: list[Token]) -> Clause:
    """What a clause is."""
    found = words(pieces)
    if found[0].upper == "CONSTRAINT":
        return Clause(found[2].upper if len(found) > 2 else "CONSTRAINT", found[1].name, text_of(pieces))
    return Clause(found[0].upper, None, text_of(pieces))


def constraint(pieces: list[Token]) -> Constraint:
    """What a table constraint is."""
    found = words(pieces)
    name = found[1].name if found[0].upper == "CONSTRAINT" else None
    rest = found[2:] if name is not None else found
    kind = rest[0].upper
    columns: list[str] = []
    if kind != "CHECK":
        opening = next(n for n, piece in enumerate(rest) if piece.text == "(")
        closing = next(n for n, piece in enumerate(rest) if piece.text == ")")
        columns = [words(part)[0].name for part in split(rest[opening + 1 : closing])]
    return Constraint(kind, name, text_of(pieces), columns, identifiers(rest))


def identifiers(pieces: Iterable[Token]) -> set[str]:
    """Every name in some pieces, in lower case; keywords among them, but not the names of functions."""
    found = words(pieces)
    return {
        piece.name.lower()
        for piece, after in zip_longest(found, found[1:])
        if piece.kind in ("word", "quoted") and (after is None or after.text != "(")
    }


def collation_of(column: Column) -> str | None:
    """The collation that a column names; the last one counts."""
    named = [words(tokens(clause.text)) for clause in column.clauses if clause.kind == "COLLATE"]
    return named[-1][-1].name if named else None


def reference_of(column: Column) -> dict[str, Any]:
    """What a foreign key that stands with its column says, as SQLAlchemy names it: ondelete, onupdate, deferrable, initially."""
    found: dict[str, Any] = {}
    for clause in column.clauses:
        if clause.kind == "REFERENCES":
            text = " ".join(piece.upper or piece.text for piece in words(tokens(clause.text)))
            for event, action in re.findall(r" ON (DELETE|UPDATE) (CASCADE|RESTRICT|SET NULL|SET DEFAULT)", text):
                found[f"on{event.lower()}"] = action
            if is_late := re.search(r"( NOT)? DEFERRABLE(?: INITIALLY (\w+))?", text):
                found["deferrable"] = not is_late[1]
                found |= {"initially": is_late[2]} if is_late[2] else {}
    return found
