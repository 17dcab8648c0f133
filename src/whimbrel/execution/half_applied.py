"""A revision that stopped half-way: what is said about it, and what of it is in doubt."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from ..dialects import Dialect
from ..errors import HalfApplied, RevisionFailed, WhimbrelError
from ..project import Project
from .journal import Entry, Journal, Part
from .statement import short

MOST_STATEMENTS = 8


def refuse_half_applied(entries: Sequence[Entry], project: Project) -> None:
    """Raise HalfApplied where a revision stopped half-way: nothing else can run on what it left."""
    for entry in entries:
        named = f"{entry.revision} ({entry.message})" if entry.message else entry.revision
        why = f": {entry.error}" if entry.error else "."
        raise HalfApplied(
            f"The {entry.direction} of revision {named} stopped half-way at {entry.started} ({entry.user}@{entry.host}){why}",
            hint=ways_out(project),
            data={"revision": entry.revision, "direction": entry.direction},
        )


def half_applied(error: WhimbrelError, stays: Sequence[str], remains: str | None, project: Project) -> HalfApplied:
    """The same error, of a revision of which something stays; or one before it, where nothing of this one does.

    remains: what the statement that failed has left behind, in words.
    """
    listed = [f"  {short(statement)}" for statement in stays[:MOST_STATEMENTS]]
    more = [f"  … and {len(stays) - MOST_STATEMENTS} more"] if len(stays) > MOST_STATEMENTS else []
    more += [f"It has also left behind {remains}."] if remains else []
    count = f"{len(stays)} statement{'s' if len(stays) > 1 else ''}"
    return HalfApplied(
        error.message,
        place=error.place,
        state="\n".join([f"It stopped half-way. What ran before cannot be rolled back and stays ({count}):", *listed, *more])
        if stays
        else "A revision before it has committed a part of itself, and the rest of the run was rolled back.",
        hint=f"{error.hint} {ways_out(project)}" if error.hint and not isinstance(error, RevisionFailed) else ways_out(project),
        data={**error.data, "committed": list(stays)},
    )


def ways_out(project: Project) -> str:
    """What to type after a revision stopped half-way."""
    command = f"{project.command} resume"
    return f"Mend the cause, then '{command}' goes on after what ran; '{command} --back' undoes it."


def decided(journal: Journal, dialect: Dialect, entry: Entry, project: Project, *, ran: bool | None) -> tuple[list[Part], bool]:
    """What of a revision has been committed, and whether the answer was needed to tell.

    A statement that was announced, and of which nobody knows how it ended, is decided by looking at what it changes. Where
    that cannot be told, ``ran`` is the user's answer; without one, HalfApplied asks for it.
    """
    parts = settled(journal, dialect, journal.parts_of(entry.id))
    if not parts or parts[-1].state != "intent":
        return parts, False
    last, is_asked = parts[-1], False
    if end := dialect.still_executes(journal.connection, last.texts[-1]):
        raise HalfApplied(
            f"The {entry.direction} of revision {entry.revision} was stopped, but the database still executes its statement:"
            f" {short(last.texts[-1])}",
            hint=f"Wait until it has ended, or end it ({end}), then type '{project.command} resume' again.",
        )
    found = has_run(journal.connection, dialect, last)
    if found is None:
        found, is_asked = ran, True
    if found is None:
        command = f"{project.command} resume"
        raise HalfApplied(
            f"The {entry.direction} of revision {entry.revision} was stopped while this statement ran, and the database does not"
            f" tell whether it has: {short(last.statements[-1].text)}",
            hint=f"Look at the database. If it has run, type '{command} --mark-done', if not, '{command} --mark-undone'.",
        )
    return (parts if found else parts[:-1]), is_asked


def settled(journal: Journal, dialect: Dialect, parts: Sequence[Part]) -> list[Part]:
    """Parts without those that were undone when ``resume --back`` was stopped itself."""
    undoing = [part for part in parts if part.state == "undoing"]
    is_undone = bool(undoing) and dialect.look(journal.connection, undoing[0].texts[0]) != undoing[0].before
    return [part for part in parts if part.state != "undoing" or not is_undone]


def has_run(connection: Connection, dialect: Dialect, part: Part) -> bool | None:
    """Whether an announced statement has been executed; None where that cannot be told."""
    statement = part.statements[-1].text
    if part.before is None:
        return False if dialect.is_repeatable(statement) else None
    return dialect.look(connection, statement) != part.before
