"""Every error a user can meet: what happened, the way out, the exit code.

Exit codes: 1 means "no" (refused, pending, failed with nothing changed), 2 means "could not ask" (usage, configuration,
connection), 3 means "stopped half-way" and the message names the command that goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class WhimbrelError(Exception):
    """Something the user should know, and what to do about it.

    message: what is true, and why; whole sentences, no passwords.
    place: ``file:line`` where there is one.
    state: what it has left behind, where something had begun.
    hint: what to type or change next.
    data: more facts for machine formats; must be JSON-able.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        place: str | None = None,
        state: str | None = None,
        hint: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.state = state
        self.hint = hint
        self.data = dict(data or {})

    def __str__(self) -> str:
        return "\n".join(part for part in (self.message, self.place and f"at {self.place}", self.state, self.hint) if part)

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        facts = {"error": type(self).__name__, "message": self.message, "place": self.place, "state": self.state}
        return {**facts, "hint": self.hint, **self.data, "exit_code": self.exit_code}


class Unexpected(WhimbrelError):
    """An exception that we did not foresee; ``__cause__`` is that exception."""


class Refused(WhimbrelError):
    """What was asked would break a promise; nothing has changed."""


class JournalForbidden(Refused):
    """The user of the database may not read the journal."""


class RevisionNotFound(WhimbrelError):
    """No revision file answers to that name."""


class AmbiguousRevision(WhimbrelError):
    """More than one revision answers to that name."""


class NotAPath(WhimbrelError):
    """The revisions exist, but none of the wanted way leads from one to the other."""


class PendingChanges(WhimbrelError):
    """The database and the models, or the database and the heads, are not the same."""


class RevisionFailed(WhimbrelError):
    """A revision raised an exception; ``__cause__`` is that exception."""


class HalfApplied(WhimbrelError):
    """A revision has run in part, and what ran cannot be rolled back; ``resume`` goes on from there."""

    exit_code = 3


class StatementChanged(HalfApplied):
    """A resumed revision would not do what it did before it stopped; nothing more has run."""


class RevisionEdited(Refused):
    """The file of an applied revision is not what ran."""


class Blocked(RevisionFailed):
    """A revision did not get a lock that somebody else holds."""


class Occupied(WhimbrelError):
    """Another run is at work on the same database; nothing has changed."""


class NotCommitted(WhimbrelError):
    """env.py ran the migrations and did not commit them."""


class BackupFailed(WhimbrelError):
    """A backup could not be made or is not complete; there is no file, and nothing has changed."""


class RestoreFailed(WhimbrelError):
    """A backup could not be restored; the old content is there."""


class HalfRestored(RestoreFailed):
    """A backup could not be restored, and the old content is in a file only."""

    exit_code = 3


class UsageError(WhimbrelError):
    """The arguments do not go together."""

    exit_code = 2


class ConfigurationError(WhimbrelError):
    """The project or its settings cannot be used as they are."""

    exit_code = 2


class HistoryError(ConfigurationError):
    """The revision files contradict each other or cannot be read."""


class EnvironmentFailed(ConfigurationError):
    """env.py raised an exception; ``__cause__`` is that exception."""


class ConnectionFailed(WhimbrelError):
    """The database server cannot be reached, or does not let us in."""

    exit_code = 2
