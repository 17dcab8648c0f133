"""PostgreSQL: pg_dump's custom format, restored by psql in one transaction."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from ..dialects import Beside
from ..errors import BackupFailed, ConfigurationError, Refused, RestoreFailed
from ..project import display_path
from ._address import driver_arguments
from ._base import Method, Target
from ._tools import Tool, ToolFailed, find, run, running, secret_file, version

MAGIC = b"PGDMP"
VERSION = r"\(PostgreSQL\) (\d+)"
INSTALL = (
    "Install PostgreSQL's client programs, of the server's version or newer (package postgresql-client), or name their folder"
    " in the setting backup_tools."
)
# libpq parameters (manual, "Parameter Key Words") that say where and how to connect; those for secrets are left out.
PARAMETERS = (
    *("host", "hostaddr", "port", "dbname", "user", "connect_timeout", "options", "channel_binding", "require_auth"),
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslnegotiation", "gssencmode", "krbsrvname"),
)
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
# What stands before each object that pg_restore creates; what it drops, it drops before the first of them.
FIRST_OBJECT = b"\n--\n-- Name: "
EXTENSION = re.compile(r"^\d+; \d+ \d+ (?:EXTENSION - |COMMENT - EXTENSION )(\S+)", re.MULTILINE)
OWN = """
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
      and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype = 'e')
"""
TABLES = f"select n.nspname, c.relname {OWN} and c.relkind in ('r', 'p') order by 1, 2"
REFUSE_REST = f"""
do $whimbrel$ declare found text; begin
select string_agg(c.oid::regclass::text, ', ') into found {OWN} and c.relkind in ('r', 'p', 'v', 'm', 'f', 'S');
if found is not null then raise exception 'not dropped: %', found; end if;
end $whimbrel$;
"""


@dataclass(frozen=True)
class Access:
    """How programs of PostgreSQL connect: words for the command line, and the environment."""

    conninfo: str
    env: Mapping[str, str]


class Postgresql(Method):
    """PostgreSQL 13 and later (manual, "SQL Dump")."""

    names = ("postgresql",)
    suffix = ".dump"
    makes = "a PostgreSQL dump in the custom format"

    def recognises(self, head: bytes) -> bool:
        """By its first letters."""
        return head.startswith(MAGIC)

    def check(self, target: Target) -> None:
        """The programs are there, and not older than the server, whom they would not understand."""
        server = int((target.connection.dialect.server_version_info or (0,))[0])
        for name in ("pg_dump", "pg_restore", "psql"):
            tool = self._tool(target, name)
            found = version(tool.says, VERSION)
            if not found or found[0] < server:
                raise ConfigurationError(
                    f"The server is PostgreSQL {server}, and {tool.path} is older: {tool.says or 'unknown'}.",
                    state="Nothing has been run.",
                    hint=INSTALL,
                )

    def save(self, target: Target, path: Path) -> None:
        """All schemas of the database, from one snapshot; then read all of the file, and look for each table."""
        with target.beside() as beside, access(target, beside) as way:
            expected = beside.run(lambda connection: connection.execute(text(TABLES)).all())
            wait = [f"--lock-wait-timeout={target.patience * 1000:.0f}"] if target.patience else []
            options = ["--format=custom", "--no-password", *wait, f"--file={path}", f"--dbname={way.conninfo}"]
            try:
                run(self._tool(target, "pg_dump"), *options, env=way.env)
                run(self._tool(target, "pg_restore"), "--file=-", str(path))
                listed = self._contents(target, path)
            except ToolFailed as error:
                raise BackupFailed(
                    f"{target.url} could not be backed up. {error}", state="Nothing has been changed.", hint=way_out(target)
                ) from error
        missing = [f"{schema}.{name}" for schema, name in expected if f" TABLE {schema} {name} " not in listed]
        if missing:
            raise BackupFailed(
                f"The backup of {target.url} lacks {', '.join(missing[:5])}.",
                state="It was removed; nothing has been changed.",
                hint=way_out(target),
            )

    def prove(self, target: Target, file: Path) -> None:
        """Read all of it."""
        try:
            run(self._tool(target, "pg_restore"), "--file=-", str(file))
        except ToolFailed as error:
            raise Refused(
                f"{display_path(file)} is damaged, or not complete. {error}", state="Nothing has been changed."
            ) from error

    def restore(self, target: Target, file: Path, safety: Path) -> None:
        """Drop all that the safety backup lists, and create all that the file has, in one transaction.

        Extensions that are in both stay: dropping and creating them takes more rights than using them.
        """
        try:
            contents = (self._contents(target, one) for one in (file, safety))
            kept = set.intersection(*(set(EXTENSION.findall(listed)) for listed in contents))
            with self._selection(target, safety, kept) as old, self._selection(target, file, kept) as new:
                self._replace(target, (old, safety), (new, file))
        except ToolFailed as error:
            raise RestoreFailed(
                f"{display_path(file)} could not be restored. {error}",
                state=f"All was in one transaction, which was rolled back: the old content of {target.url} is still there.",
                hint=f"Mend the cause, then run '{target.command} restore {display_path(file)} --yes' again.",
            ) from error

    def _replace(self, target: Target, old: tuple[str, Path], new: tuple[str, Path]) -> None:
        """Drop and create; each is a selection of a file."""
        pg_restore, psql = self._tool(target, "pg_restore"), self._tool(target, "psql")
        with target.beside() as beside, access(target, beside) as way:
            first = beside.run(lambda connection: locks(connection, target.patience)) + self._drops(pg_restore, *old)
            beside.close()
            options = ["--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", f"--dbname={way.conninfo}"]
            source = [f"--use-list={new[0]}", "--file=-", str(new[1])]
            with (
                running(psql, *options, env=way.env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as client,
                suppress(Enough),
                running(pg_restore, *source, stdout=subprocess.PIPE) as script,
            ):
                feed(client.stdin, first, script)

    def _tool(self, target: Target, name: str) -> Tool:
        return find([name], target.tools, INSTALL)

    def _contents(self, target: Target, file: Path) -> str:
        """The table of contents of a file."""
        with running(self._tool(target, "pg_restore"), "--list", str(file), stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            return process.stdout.read().decode(errors="replace")

    @contextmanager
    def _selection(self, target: Target, file: Path, without: set[str]) -> Iterator[str]:
        """The path of a table of contents without some extensions, for ``--use-list``."""
        lines = self._contents(target, file).splitlines()
        found = ((line, EXTENSION.match(line)) for line in lines)
        kept = [line for line, extension in found if extension is None or extension[1] not in without]
        with secret_file("\n".join(kept) + "\n") as path:
            yield path

    def _drops(self, pg_restore: Tool, listed: str, file: Path) -> bytes:
        """The statements that drop all that a file lists, in the right order: what pg_restore writes before it creates."""
        found = b""
        options = ["--clean", "--if-exists", f"--use-list={listed}", "--file=-", str(file)]
        try:
            with running(pg_restore, *options, stdout=subprocess.PIPE) as process:
                assert process.stdout is not None
                while FIRST_OBJECT not in found and (more := process.stdout.read(1 << 16)):
                    found += more
                raise Enough
        except Enough:
            drops = found.partition(FIRST_OBJECT)[0]
        return b"\n".join(line for line in drops.split(b"\n") if not line.startswith((b"\\", b"SET lock_timeout"))) + b"\n"


class Enough(Exception):
    """What was wanted of a program has been read."""


def feed(psql: Any, first: bytes, source: subprocess.Popen[bytes]) -> None:
    """Give psql all that makes the transaction; the COMMIT only when pg_restore has ended well.

    Raises Enough where psql has met an error and ended.
    """
    assert source.stdout is not None
    try:
        psql.write(first + REFUSE_REST.encode())
        while more := source.stdout.read(1 << 16):
            psql.write(more)
        psql.write(b"\nROLLBACK;\n" if source.wait() else b"\nCOMMIT;\n")
        psql.flush()
    except BrokenPipeError:
        raise Enough from None


def locks(connection: Connection, patience: float) -> bytes:
    """The beginning of the transaction: all tables at once, before anything is dropped, so that nobody is met half-way."""
    quote = connection.dialect.identifier_preparer.quote
    tables = [f"{quote(schema)}.{quote(name)}" for schema, name in connection.execute(text(TABLES))]
    taken = f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE;\n" if tables else ""
    return f"BEGIN;\nSET LOCAL lock_timeout = '{patience * 1000:.0f}ms';\nSET client_encoding = 'UTF8';\n{taken}".encode()


@contextmanager
def access(target: Target, beside: Beside) -> Iterator[Access]:
    """How a program connects to where the application is connected; the password is in a file that only we may read."""
    parameters = driver_arguments(target.connection, beside)
    parameters |= beside.run(lambda connection: as_libpq(connection.connection.driver_connection))
    parameters = translated(parameters)
    words = " ".join(f"{name}={quoted(str(value))}" for name in PARAMETERS if (value := parameters.get(name)) not in (None, ""))
    password = parameters.get("password")
    if not password:
        yield Access(words, {})
        return
    escaped = str(password).replace("\\", "\\\\").replace(":", "\\:")
    with secret_file(f"*:*:*:*:{escaped}\n") as path:  # manual, "The Password File"
        yield Access(words, {"PGPASSFILE": path})


def as_libpq(driver: Any) -> dict[str, Any]:
    """What libpq itself says of a connection of psycopg or psycopg2; nothing for other drivers."""
    info: Any = getattr(driver, "info", None)
    if hasattr(info, "get_parameters"):
        found = dict(info.get_parameters())
    elif hasattr(info, "dsn_parameters"):
        found = {name: value for name, value in info.dsn_parameters.items() if name in PARAMETERS}
    else:
        return {}
    # Of several hosts, the one that answered.
    return {**found, "hostaddr": None, "host": info.host, "port": info.port, "password": info.password}


def translated(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of asyncpg and pg8000 in libpq's words."""
    found = dict(parameters)
    found["dbname"] = found.get("dbname") or found.get("database")
    found["host"] = found.get("unix_sock") or found.get("host")
    if found.get("unix_sock"):
        found["host"] = str(found["unix_sock"]).partition("/.s.PGSQL")[0]
    if isinstance(found["host"], (list, tuple)):
        found["host"], found["port"] = found["host"][0], first(found.get("port"))
    ssl = found.get("ssl")
    if ssl is not None and not found.get("sslmode"):
        found["sslmode"] = ssl if ssl in SSL_MODES else "require" if ssl else None
    return found


def first(value: Any) -> Any:
    """The first of several, or the only one."""
    return next(iter(value), None) if isinstance(value, Sequence) and not isinstance(value, str) else value


def quoted(value: str) -> str:
    """A value as it stands in a connection string (manual, "Connection Strings")."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def way_out(target: Target) -> str:
    """What may be the cause where a program cannot do what the application can."""
    return (
        "If it could not connect: it knows the database URL and the arguments of the driver, not what a 'creator' does."
        f" '{target.command} backup' tries again."
    )


method = Postgresql()
