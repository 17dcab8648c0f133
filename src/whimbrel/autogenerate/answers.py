"""What a comparison cannot know, and who answers: the command line ahead of time, a person, or nobody."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ..errors import Refused, UsageError

MOST_LISTED = 10


@dataclass(frozen=True)
class Question:
    """Something only a person knows.

    text: one sentence. reasons: what speaks for a yes. flag: what answers it with yes on the command line; for a value,
    what stands before the value. wants_value: whether the answer is a text, and not yes or no.
    """

    text: str
    flag: str
    reasons: tuple[str, ...] = ()
    wants_value: bool = False


Asker = Callable[[Question], str | bool | None]
"""Puts a question to a person: the answer, None where none was given."""


@dataclass
class Answers:
    """What was said ahead of time.

    renames: old name to new one, ``user``, ``user.fullname`` or an enum type's ``status.done``; the new one plain or as long.
    fills: ``user.age`` to an SQL expression. allow_drop: tables that may go. ask: who is asked else; None for nobody.
    """

    renames: tuple[tuple[str, str], ...] = ()
    is_no_rename: bool = False
    fills: Mapping[str, str] = field(default_factory=dict)
    allow_drop: frozenset[str] = frozenset()
    ask: Asker | None = None
    used: set[str] = field(default_factory=set)
    """The names in renames and fills that were met on some database."""
    is_for_several: bool = False
    """Whether several databases are compared: a name that one does not know may be another one's."""
    is_asked: bool = True
    """Whether there are questions at all; a mere check has none."""

    def refuse_unused(self) -> None:
        """Raise UsageError for a name that no database knows, where there are several."""
        unknown = ({old for old, _ in self.renames} | set(self.fills)) - self.used
        if self.is_for_several and unknown:
            flag = "--fill" if min(unknown) in self.fills else "--rename"
            raise UsageError(
                f"{flag} {min(unknown)}: none of the databases has such a table or column to be changed.",
                hint="The names are those that the database has.",
            )


def answers(
    renames: Iterable[str] = (),
    no_rename: bool = False,
    fills: Iterable[str] | Mapping[str, str] = (),
    allow_drop: Iterable[str] = (),
    ask: Asker | None = None,
) -> Answers:
    """From what was typed: ``user.fullname:full_name``, ``user.age=20``. Raises UsageError."""
    given = dict(fills) if isinstance(fills, Mapping) else dict(split(each, "=", "--fill user.age=20") for each in fills)
    pairs = tuple(split(each, ":", "--rename user.fullname:full_name") for each in renames)
    return Answers(pairs, no_rename, given, frozenset(allow_drop), ask)


def split(text: str, mark: str, example: str) -> tuple[str, str]:
    """The two sides of an option's value."""
    before, found, after = text.partition(mark)
    if not (found and before.strip() and after.strip()):
        raise UsageError(f"'{text}' does not say enough.", hint=f"Write it as in {example}.")
    return before.strip(), after.strip()


def flag(option: str, value: str) -> str:
    """An option as it is typed in a shell, in quotes where that wants them."""
    said = value.replace("…", "")
    return f"{option} {value if shlex.quote(said) == said else shlex.quote(value)}"


class Undecided(Refused):
    """Something cannot be known, and nobody was there to be asked."""


def undecided(open_questions: list[Question], command: str, no: str = "") -> Undecided:
    """The error that lists questions with the flags that answer them."""
    lines = [f"  {question.text}\n    {question.flag}" for question in open_questions[:MOST_LISTED]]
    if len(open_questions) > MOST_LISTED:
        lines.append(f"  … and {len(open_questions) - MOST_LISTED} more; --format json has all of them")
    return Undecided(
        "This cannot be known from the models and the database:\n" + "\n".join(lines),
        state="Nothing has been written.",
        hint=f"Say yes by adding such flags to '{command} migrate'{f'; {no}' if no else ''}.",
        data={"questions": [{"text": question.text, "flag": question.flag} for question in open_questions]},
    )
