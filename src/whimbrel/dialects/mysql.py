"""MySQL and MariaDB."""

from __future__ import annotations

from sqlalchemy import Connection, text
from sqlalchemy import Dialect as SqlaDialect

from ._base import Dialect

# Error numbers, MySQL and MariaDB manuals, "Error Reference".
WHY = {
    1040: "The server has no connection left.",
    1044: "The user may not use that database.",
    1045: "The server refused the user name or the password.",
    1049: "There is no database of that name on the server.",
    1130: "The server lets nobody in from this machine.",
    1698: "The server refused the user name or the password.",
    2002: "No server listens there.",
    2003: "No server listens there.",
    2005: "The host name is not known.",
    2013: "The server closed the connection.",
}


class Mysql(Dialect):
    """MySQL 8 and MariaDB 10.5 and later."""

    names = ("mysql", "mariadb")

    def title(self, dialect: SqlaDialect) -> str:
        """MariaDB or MySQL, whichever answers."""
        return "MariaDB" if getattr(dialect, "is_mariadb", False) else "MySQL"

    def why_no_connection(self, error: BaseException) -> str | None:
        """By error number."""
        original = getattr(error, "orig", None) or error
        return next((WHY[code] for code in original.args if code in WHY), None)

    def drop_all(self, connection: Connection) -> None:
        """Drop the tables and views of the database, whatever points to what."""
        listed = connection.execute(
            text("select table_type, table_name from information_schema.tables where table_schema = database()")
        ).all()
        connection.execute(text("SET foreign_key_checks = 0"))
        try:
            for kind, name in listed:
                what = "VIEW" if "VIEW" in kind else "TABLE"
                connection.execute(text(f"DROP {what} IF EXISTS {self.quoted(connection, name)}"))
        finally:
            connection.execute(text("SET foreign_key_checks = 1"))


dialect = Mysql()
