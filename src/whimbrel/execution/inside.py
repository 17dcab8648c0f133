"""Statements that hold others (a block, a call of a procedure) on MySQL and MariaDB: did one of those end the transaction?"""

from __future__ import annotations

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

NAME = "whimbrel_inside"


class Inside:
    """Around one such statement: a savepoint does not outlive the transaction that it was made in."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.is_unclear = False
        """Whether the last one ended the transaction, and failed after that: nobody knows what of it is left."""

    def begin(self, connection: Connection | None) -> None:
        """It is going to be executed on this connection; None where a statement holds no others."""
        self.connection, self.is_unclear = connection, False
        if connection is not None:
            connection.exec_driver_sql(f"SAVEPOINT {NAME}")

    def end(self) -> None:
        """It has been executed."""
        self.connection = None

    def failed(self) -> bool:
        """It has failed, if there was one: whether that is unclear."""
        connection, self.connection = self.connection, None
        try:
            if connection is not None:
                connection.exec_driver_sql(f"RELEASE SAVEPOINT {NAME}")
        except DBAPIError:
            self.is_unclear = True
        return self.is_unclear
