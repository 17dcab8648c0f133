"""What becomes of a revision that raised an exception: the error that a person reads, and what the journal says."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from sqlalchemy.exc import DBAPIError

from ..errors import HalfApplied, WhimbrelError
from . import trouble
from .half_applied import half_applied
from .run import now
from .step import Attempt

if TYPE_CHECKING:
    from .runner import Runner


def failed(runner: Runner, error: BaseException, attempt: Attempt) -> WhimbrelError:
    """The error of a revision that raised an exception, with the state that it leaves."""
    if isinstance(error, WhimbrelError):
        return interrupted(runner, error, attempt)
    step = attempt.step
    way_out = runner.dialect.way_out(error) or "Mend the cause"
    known = trouble.of_revision(
        error,
        step.revision,
        step.direction,
        after="",
        hint=f"{way_out}, then run '{runner.project.command} {step.direction}' again.",
        scrub=runner.database.watch.scrubbed,
    )
    stays = write_failure(runner, attempt, known.message, is_final=not runner.dialect.is_lock_conflict(error))
    if stays or (runner.recorder.has_committed and runner.context.is_one_transaction):
        return half_applied(known, stays, runner.recorder.remains, runner.project)
    known.state = left(runner)
    return known


def raise_failed(runner: Runner, error: BaseException, attempt: Attempt) -> NoReturn:
    """Raise that error; an interruption by the user stays one where nothing is to be said."""
    error = trouble.original(error)
    known = failed(runner, error, attempt)
    is_plain = isinstance(error, KeyboardInterrupt) and not isinstance(known, HalfApplied) and not runner.recorder.remains
    if known is error or is_plain:
        raise error
    raise known from error


def interrupted(runner: Runner, error: WhimbrelError, attempt: Attempt) -> WhimbrelError:
    """An error of ours in the middle of a revision: the same, unless it leaves the revision half-applied."""
    if isinstance(error, HalfApplied):
        return error
    place = trouble.last_place(error, [attempt.step.revision.path])
    error.place = error.place or (place if place and place not in error.message else None)
    stays = [] if runner.recorder.entry is None else write_failure(runner, attempt, error.message, is_final=True)
    if stays or (runner.recorder.has_committed and runner.context.is_one_transaction):
        return half_applied(error, stays, runner.recorder.remains, runner.project)
    error.state = error.state or left(runner)
    return error


def write_failure(runner: Runner, attempt: Attempt, message: str, *, is_final: bool) -> list[str]:
    """Have the journal say that a revision failed; returns the statements of it that stay.

    is_final: false where it is going to be tried again, if nothing stays.
    """
    if runner.database.connection is None:
        return []
    entry, stays = runner.recorder.entry, list(runner.recorder.committed)
    runner.recorder.is_active = False
    if not runner.context.commits_each or not (is_final or entry):
        return stays
    with suppress(DBAPIError), runner.context.per_revision():
        runner.journal.prepare()
        if entry is not None:
            stays = runner.recorder.decide()
        if stays and entry is not None:
            runner.journal.change(entry, error=message)
        else:
            if entry is not None:
                runner.journal.drop(entry)
            step = attempt.step
            runner.journal.add(
                [runner.entry(step.revision, step.direction, attempt.began, "failed", finished=now(), error=message)]
            )
    return stays


def left(runner: Runner) -> str:
    """In words what a failed revision leaves behind, of which nothing was committed."""
    where = f"in {runner.database.name}" if runner.database.name else "in the database"
    if runner.context.as_sql:
        return "The script is incomplete."
    if runner.context.is_one_transaction:
        return f"Nothing of this run is left {where}: env.py runs all revisions in one transaction."
    last = f"; {runner.applied[-1].revision} is the last one that ran." if runner.applied else "."
    remains = runner.recorder.remains
    return f"Nothing of this revision is left {where}{f', but {remains}' if remains else ''}{last}"
