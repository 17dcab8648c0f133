"""What an earlier run of a revision has committed, met again by the run that goes on after it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from itertools import islice

from ..errors import StatementChanged
from .statement import Statement, short

TEMPORARY = re.compile(r"\s*(CREATE|DROP)\s+(?:(?:OR\s+REPLACE|LOCAL|GLOBAL)\s+)*TEMP(?:ORARY)?\b", re.IGNORECASE)
CHANGED = (
    "Let the file say again what ran (it may be mended after that point). Or finish or undo the rest by hand, and type 'resume"
    " --mark-done' or 'resume --mark-undone'."
)
OTHER_VALUES = (
    "Where the revision draws values anew each time (random, the time), 'resume --any-values' takes what ran for what would run."
    f" Else: {CHANGED[0].lower()}{CHANGED[1:]}"
)
GONE = "'resume --back' undoes what ran; or finish it by hand and type 'resume --mark-done'."


class Expected:
    """The statements in the order in which they ran, on the connection of the run and on those beside it."""

    def __init__(self, statements: Iterable[Statement] = (), *, any_values: bool = False) -> None:
        found = [each for each in statements if each.kind != "consent"]
        self.channels = {is_beside: deque(each for each in found if each.is_beside is is_beside) for is_beside in (False, True)}
        self.unmet = sum(each.kind == "write" for each in found)
        """How many of those that changed something were not met yet."""
        self.any_values = any_values

    def has(self, statement: Statement) -> bool:
        """Whether something is still expected on the connection of a statement."""
        return bool(self.channels[statement.is_beside])

    def left(self) -> Statement | None:
        """The first one that changed something and was not met."""
        return next((each for channel in self.channels.values() for each in channel if each.kind == "write"), None)

    def meet(self, statement: Statement) -> Statement | None:
        """The same statement as it ran; None where it has to be executed. Raises StatementChanged where another one ran.

        Queries may be missing, or be asked that were not asked before: these are asked now.
        """
        channel = self.channels[statement.is_beside]
        number = next((n for n, each in enumerate(channel) if each.kind != "read"), len(channel))
        if statement.kind == "read":
            same = (n for n, each in enumerate(islice(channel, number + 1)) if each.kind != "write" and is_same(each, statement))
            found = next(same, None)
            return None if found is None else pop(channel, found)
        if number == len(channel):
            return None
        self.refuse_other(channel[number], statement)
        self.unmet -= channel[number].kind == "write"
        return pop(channel, number)

    def refuse_other(self, ran: Statement, statement: Statement) -> None:
        """Raise StatementChanged where a statement is not the one that ran."""
        if ran.text != statement.text:
            raise StatementChanged(
                "What has run does not match what the revision would do now.\n"
                f"  ran:       {short(ran.text)}\n  would run: {short(statement.text)}",
                hint=CHANGED,
            )
        if ran.values != statement.values and not self.any_values:
            raise StatementChanged(f"This ran with other values than it would run with now: {short(ran.text)}", hint=OTHER_VALUES)


def is_same(one: Statement, other: Statement) -> bool:
    """Whether two statements would be answered alike."""
    return one.text == other.text and one.values == other.values


def pop(channel: deque[Statement], number: int) -> Statement:
    """Take one out, and the queries that come before it."""
    for _ in range(number):
        channel.popleft()
    return channel.popleft()


VARIABLE = re.compile(r"\bINTO\s+@\w|@\w+\s*:=", re.IGNORECASE)


def refuse_temporary(statements: Sequence[str]) -> None:
    """Raise StatementChanged where statements leave a temporary table or a variable: it was gone with their connection."""
    if variable := next((text for text in statements if VARIABLE.search(text)), None):
        raise StatementChanged(
            f"The revision set a variable of the session, which is gone with the connection that set it: {short(variable)}",
            hint=GONE,
        )
    left: list[str] = []
    for text in statements:
        if found := TEMPORARY.match(text):
            left = [*left, text] if found[1].upper() == "CREATE" else left[:-1]
    if left:
        raise StatementChanged(
            f"The revision made a temporary table, which is gone with the connection that made it: {short(left[0])}", hint=GONE
        )
