"""What is backed up, and what there is to say of each kind of database."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from ..dialects import Beside
from ..events import Listener


@dataclass(frozen=True)
class Target:
    """One database as env.py has connected to it.

    tools: the folder of the programs of the server's makers; None for those on the PATH.
    patience: seconds to wait for the locks of others. command: how a user starts us.
    """

    name: str
    connection: Connection
    tools: str | None
    patience: float
    command: str
    tell: Listener

    @property
    def url(self) -> str:
        """Its address without the password."""
        return self.connection.engine.url.render_as_string(hide_password=True)

    @contextmanager
    def beside(self) -> Iterator[Beside]:
        """A connection of our own to it."""
        opened = Beside(self.connection)
        try:
            yield opened
        finally:
            opened.close()


class Method(ABC):
    """How one kind of database is backed up and restored."""

    names: tuple[str, ...]
    """The SQLAlchemy dialect names that it is for."""

    suffix: str
    """How the names of its files end."""

    makes: str
    """What its files are, in words with an article."""

    @abstractmethod
    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins like this is one of its backups."""

    @abstractmethod
    def check(self, target: Target) -> None:
        """Raise ConfigurationError or Refused where it cannot be done here at all, before anything is."""

    @abstractmethod
    def save(self, target: Target, path: Path) -> None:
        """Write a backup over an empty file and verify it. Raises BackupFailed."""

    @abstractmethod
    def prove(self, target: Target, file: Path) -> None:
        """Raise Refused where a file could not be restored; changes nothing."""

    @abstractmethod
    def restore(self, target: Target, file: Path, safety: Path) -> None:
        """Put a database back to what a file has that was proved; safety: a backup of what is there now.

        Raises RestoreFailed where the old content is still there or there again, HalfRestored where it is not.
        """
