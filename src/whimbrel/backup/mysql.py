"""MariaDB and MySQL: mariadb-dump or mysqldump, and back by their clients."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ..dialects import Beside
from ..errors import BackupFailed, ConfigurationError, HalfRestored, Refused, RestoreFailed
from ..events import Noticed
from ..project import display_path
from ._address import driver_arguments
from ._base import Method, Target
from ._tools import Tool, ToolFailed, find, run, secret_file, version

HEAD = re.compile(rb"^(/\*M?!\d+.*\*/;?\s*)?-- (MariaDB|MySQL) dump ", re.MULTILINE)
COMPLETE = b"-- Dump completed"
# A dump of our kind names no database: it goes where it is loaded.
NAMES_DATABASE = re.compile(rb"^(USE `|CREATE DATABASE |/\*!\d+ (CREATE|DROP) DATABASE )")
VERSIONS = {
    True: r"(?:Distrib |from )(\d+)\.(\d+)[.\d]*-MariaDB",
    False: r"Ver (\d+)\.(\d+)(?!.*MariaDB)",
}
NOT_ALLOWED = (1044, 1142, 1227)  # ER_DBACCESS_DENIED_ERROR, ER_TABLEACCESS_DENIED_ERROR, ER_SPECIFIC_ACCESS_DENIED_ERROR
SSL = {"ca": "ssl-ca", "cert": "ssl-cert", "key": "ssl-key", "capath": "ssl-capath", "cipher": "ssl-cipher"}
TABLES = "select table_name, table_type from information_schema.tables where table_schema = database() order by 1"
ROUTINES = "select routine_name, routine_type from information_schema.routines where routine_schema = database() order by 2 desc"
EVENTS = "select event_name, 'EVENT' from information_schema.events where event_schema = database()"


class Mysql(Method):
    """MariaDB and MySQL (MariaDB manual, "mariadb-dump")."""

    names = ("mysql", "mariadb")
    suffix = ".sql"
    makes = "a dump of MariaDB or MySQL"

    def recognises(self, head: bytes) -> bool:
        """By its first comment."""
        return HEAD.search(head) is not None

    def check(self, target: Target) -> None:
        """The programs are there, of the server's makers, and not older than the server."""
        is_mariadb = server_is_mariadb(target)
        makers = "MariaDB" if is_mariadb else "MySQL"
        found = tuple(target.connection.dialect.server_version_info or ())[:2]
        for tool in (self._dump(target), self._client(target)):
            known = version(tool.says, VERSIONS[is_mariadb])
            if not known or known < found:
                why = "older" if known else "of other makers"
                raise ConfigurationError(
                    f"The server is {makers} {'.'.join(map(str, found))}, and {tool.path} is {why}: {tool.says or 'unknown'}.",
                    state="Nothing has been run.",
                    hint=install(target),
                )

    def save(self, target: Target, path: Path) -> None:
        """The database with its views, triggers, routines and events, from one snapshot of InnoDB; then look for its end."""
        options = ["--single-transaction", "--quick", "--routines", "--triggers", "--events", "--hex-blob", "--no-tablespaces"]
        if not server_is_mariadb(target):
            options += ["--set-gtid-purged=OFF", "--column-statistics=0"]
        with target.beside() as beside, access(target, beside) as way, path.open("wb") as out:
            name = beside.run(lambda connection: connection.scalar(text("select database()")))
            expected = beside.run(lambda connection: connection.execute(text(TABLES)).all())
            try:
                run(self._dump(target), way, *options, "--default-character-set=utf8mb4", name, stdout=out)
            except ToolFailed as error:
                raise BackupFailed(
                    f"{target.url} could not be backed up. {error}",
                    state="Nothing has been changed.",
                    hint="If it could not connect: it knows the database URL and the arguments of the driver, not what a"
                    " 'creator' does.",
                ) from error
        found = contents(path)
        missing = [str(name) for name, _ in expected if str(name) not in found.names]
        if not found.is_complete or missing:
            raise BackupFailed(
                f"The backup of {target.url} {f'lacks {missing[0]}' if missing else 'has no end'}.",
                state="It was removed; nothing has been changed.",
            )

    def prove(self, target: Target, file: Path) -> None:
        """Look for its end; then load it into a database of its own, where the user may create one."""
        found = contents(file)
        if not found.is_complete:
            raise Refused(
                f"{display_path(file)} is not complete: it does not end with '{COMPLETE.decode()}'.",
                state="Nothing has been changed.",
            )
        if found.names_database:
            raise Refused(
                f"{display_path(file)} says itself into which database it goes: {found.names_database}",
                state="Nothing has been changed.",
                hint="Load it with the server's own client.",
            )
        with target.beside() as beside, access(target, beside) as way, scratch(target, beside) as name:
            if name is not None:
                try:
                    self._load(target, way, name, file)
                except ToolFailed as error:
                    raise Refused(
                        f"{display_path(file)} cannot be loaded. {error}",
                        state="That was tried in a database of its own; nothing has been changed.",
                    ) from error

    def restore(self, target: Target, file: Path, safety: Path) -> None:
        """Drop everything, then load the file; where that fails, load the safety backup in the same way."""
        with target.beside() as beside, access(target, beside) as way:
            name = beside.run(lambda connection: connection.scalar(text("select database()")))
            again = f"'{target.command} restore {display_path(file)} --yes'"
            try:
                beside.run(lambda connection: drop_tables(connection, target.patience))
            except DBAPIError as error:
                if beside.run(lambda connection: connection.execute(text(TABLES)).all()):
                    self._put_back(target, way, beside, name, safety, error)
                raise self._failed(target, file, error, f"Mend the cause, then run {again}.") from error
            try:
                beside.run(drop_others)
                self._load(target, way, name, file)
            except BaseException as error:
                self._put_back(target, way, beside, name, safety, error)
                raise self._failed(target, file, error, f"Mend the cause, then run {again}.") from error

    def _put_back(self, target: Target, way: str, beside: Beside, name: str, safety: Path, cause: BaseException) -> None:
        """Load the old content. Raises HalfRestored where that fails, too."""
        try:
            beside.run(lambda connection: drop_tables(connection, target.patience))
            beside.run(drop_others)
            self._load(target, way, name, safety)
        except BaseException as error:
            raise HalfRestored(
                f"The restore failed ({words(cause)}), and the old content could not be loaded back: {words(error)}",
                state=f"{target.url} is not complete. All of its old content is in {display_path(safety)}.",
                hint=f"Run '{target.command} restore {display_path(safety)} --yes'.",
            ) from error

    def _failed(self, target: Target, file: Path, error: BaseException, hint: str) -> RestoreFailed:
        return RestoreFailed(
            f"{display_path(file)} could not be restored. {words(error)}",
            state=f"The old content of {target.url} is there again.",
            hint=hint,
        )

    def _load(self, target: Target, way: str, database: str, file: Path) -> None:
        with file.open("rb") as opened:
            run(self._client(target), way, "--default-character-set=utf8mb4", "--max-allowed-packet=1G", database, stdin=opened)

    def _dump(self, target: Target) -> Tool:
        names = ("mariadb-dump", "mysqldump") if server_is_mariadb(target) else ("mysqldump",)
        return find(names, target.tools, install(target))

    def _client(self, target: Target) -> Tool:
        return find(("mariadb", "mysql") if server_is_mariadb(target) else ("mysql",), target.tools, install(target))


class Contents:
    """What a dump says of itself."""

    def __init__(self) -> None:
        self.is_complete = False
        self.names: set[str] = set()
        """Its tables and views."""
        self.names_database = ""


MADE = re.compile(
    rb"^(?:CREATE TABLE|CREATE SEQUENCE|/\*!50001 CREATE (?:TABLE|VIEW)|/\*!50001 VIEW) (?:IF NOT EXISTS )?`((?:[^`]|``)+)`"
)


def contents(file: Path) -> Contents:
    """Read a dump to its end. A line break inside a value is written as ``\\n``: a line is never a part of one."""
    found, last = Contents(), b""
    with file.open("rb") as opened:
        for line in opened:
            if line.strip():
                last = line
            if made := MADE.match(line):
                found.names.add(made[1].decode(errors="replace").replace("``", "`"))
            elif NAMES_DATABASE.match(line):
                found.names_database = line.decode(errors="replace").strip()
    found.is_complete = last.startswith(COMPLETE) and last.endswith(b"\n")
    return found


@contextmanager
def scratch(target: Target, beside: Beside) -> Iterator[str | None]:
    """A new database for a while; None where this user may not create one."""
    like = "select database(), @@character_set_database, @@collation_database"
    own, charset, collation = beside.run(lambda connection: connection.execute(text(like)).one())
    name = f"{own[:40]}_whimbrel_{uuid.uuid4().hex[:8]}"
    quote = target.connection.dialect.identifier_preparer.quote_identifier
    create = f"CREATE DATABASE {quote(name)} CHARACTER SET {charset} COLLATE {collation}"
    try:
        beside.run(lambda connection: connection.exec_driver_sql(create))
    except DBAPIError as error:
        if number(error) not in NOT_ALLOWED:
            raise
        target.tell(Noticed("The backup is not tried out first: this user may not create a database for that."))
        yield None
        return
    try:
        yield name
    finally:
        with suppress(DBAPIError):
            beside.run(lambda connection: connection.exec_driver_sql(f"DROP DATABASE {quote(name)}"))


def drop_tables(connection: Connection, patience: float) -> None:
    """Drop all tables at once: where one of them is in use for longer than we wait, none of them goes."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    connection.exec_driver_sql(f"SET SESSION foreign_key_checks = 0, lock_wait_timeout = {max(1, round(patience))}")
    kinds = connection.execute(text(TABLES)).all()
    names = [quote(name) for name, kind in kinds if kind not in ("VIEW", "SEQUENCE")]
    if names:
        connection.exec_driver_sql(f"DROP TABLE {', '.join(names)}".replace("%", "%%"))


def drop_others(connection: Connection) -> None:
    """Drop views, sequences, routines and events."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    for query in (TABLES, ROUTINES, EVENTS):
        for name, kind in connection.execute(text(query)).all():
            connection.exec_driver_sql(f"DROP {kind} IF EXISTS {quote(name)}".replace("%", "%%"))


@contextmanager
def access(target: Target, beside: Beside) -> Iterator[str]:
    """The first argument for a program: a file with address and password that only we may read, and no other file."""
    lines = [
        "[client]",
        *(f"{name}={quoted(value)}" for name, value in options(driver_arguments(target.connection, beside)).items()),
    ]
    with secret_file("\n".join(lines) + "\n") as path:
        yield f"--defaults-file={path}"


def options(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The arguments of PyMySQL, mysqlclient, mysqlconnector and the async drivers as options of a client."""
    password = arguments.get("password") or arguments.get("passwd")
    socket = arguments.get("unix_socket")
    found = {"user": arguments.get("user"), "password": password, "socket": socket, "port": arguments.get("port")}
    if not socket:
        # Programs take a socket for "localhost", where these drivers take TCP.
        found |= {"host": arguments.get("host"), "protocol": "tcp"}
    ssl = arguments.get("ssl")
    given = ssl if isinstance(ssl, Mapping) else {name: arguments.get(f"ssl_{name}") for name in SSL}
    found |= {option: given.get(name) for name, option in SSL.items()}
    return {name: as_text(value) for name, value in found.items() if value not in (None, "")}


def as_text(value: Any) -> str:
    """A value that may be bytes, as a password of PyMySQL."""
    return value.decode() if isinstance(value, bytes) else str(value)


def quoted(value: str) -> str:
    """A value in an option file (manual, "Option File Syntax")."""
    return '"' + value.replace("\\", "\\\\").replace("\n", "\\n") + '"'


def server_is_mariadb(target: Target) -> bool:
    """Whether MariaDB answers, and not MySQL."""
    return bool(getattr(target.connection.dialect, "is_mariadb", False))


def install(target: Target) -> str:
    """How to get the programs."""
    makers, package = ("MariaDB", "mariadb-client") if server_is_mariadb(target) else ("MySQL", "mysql-client")
    return (
        f"Install {makers}'s client programs, of the server's version or newer (package {package}), or name their folder in the"
        " setting backup_tools."
    )


def words(error: BaseException) -> str:
    """An error in one line."""
    return str(getattr(error, "orig", None) or error) or type(error).__name__


def number(error: DBAPIError) -> int:
    """The number of an error; 0 where it has none."""
    return next((arg for arg in getattr(error.orig, "args", ()) if isinstance(arg, int)), 0)


method = Mysql()
