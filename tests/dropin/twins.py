"""Two copies of one project, each with databases of its own, and two tools that take turns on them.

What the one tool does here, the other does there; the next command is the other way round. So each goes on from what
the other one left, and after every step both copies must be equal: every database, and every file.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from textwrap import dedent, indent

import pytest
import sqlalchemy as sa
from facts import everything
from tool import Done, Tool

from kit import Database
from kit.project import REVISION

VERSIONS = "migrations/versions"
DATED = re.compile(r"^Create Date: .*$", re.MULTILINE)
THEIR_IMPORT, OUR_IMPORT = "from flask_migrate import", "from whimbrel import"


def on(*kinds: str) -> pytest.MarkDecorator:
    """Run a test on these kinds of database only."""
    return pytest.mark.parametrize("kind", kinds)


@dataclass(frozen=True)
class Pair:
    """What the two tools answered to the same command."""

    theirs: Done
    ours: Done

    def __str__(self) -> str:
        return f"{self.theirs}\n{self.ours}"


class Side:
    """One of the copies: a folder, and its databases by name."""

    def __init__(self, folder: Path, databases: Mapping[str, Database]) -> None:
        self.folder = folder
        self.databases = databases
        # Connections that look on: outside of transactions, so that nobody waits for them, and without prepared statements,
        # which a changed table would spoil.
        how = {"postgresql": {"prepare_threshold": None}}
        self.engines = {
            name: sa.create_engine(each.address, isolation_level="AUTOCOMMIT", connect_args=how.get(each.kind, {}))
            for name, each in databases.items()
        }

    @property
    def env(self) -> dict[str, str]:
        """Where the application finds its databases: URL, and USERS_URL for the one that is named users."""
        urls = {f"{name}_URL".upper().lstrip("_"): database.url for name, database in self.databases.items()}
        return urls | {"ASYNC_URL": urls["URL"].replace("sqlite://", "sqlite+aiosqlite://")}

    def path(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def state(self) -> dict[str, list[str]]:
        """All that must be equal on both sides."""
        found = self.files()
        for name, engine in self.engines.items():
            with engine.connect() as connection:
                found |= {f"{name or 'database'}: {what}": lines for what, lines in everything(connection).items()}
        return found

    def files(self) -> dict[str, list[str]]:
        paths = (path for path in sorted(self.folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
        texts = ((path, path.read_text(encoding="utf-8")) for path in paths if path.suffix != ".pyc")
        return {str(path.relative_to(self.folder)): self.comparable(text, path).splitlines() for path, text in texts}

    def comparable(self, text: str, path: Path) -> str:
        """A text without what differs between two copies of a project; of a revision, what it says and not how it is laid out."""
        if path.suffix == ".py" and "\nRevises:" in text:
            text = ast.unparse(ast.parse("\n".join(line.rstrip() for line in text.splitlines())))
        for name, database in self.databases.items():
            text = text.replace(database.url, f"<{name}>").replace(str(database.address.database), f"<{name}>")
        return DATED.sub("", text).replace(str(self.folder), "<folder>").replace(OUR_IMPORT, THEIR_IMPORT)

    def close(self) -> None:
        for engine in self.engines.values():
            engine.dispose()


class Twins:
    """Both copies."""

    def __init__(self, theirs: Tool, ours: Tool, sides: tuple[Side, Side]) -> None:
        self.theirs = theirs
        self.ours = ours
        self.sides = sides
        self.tools = (theirs, ours)  # which one works on which side

    # -- files

    def write(self, name: str, text: str) -> None:
        """Write a file on both sides; $URL is the address of the database there."""
        for side in self.sides:
            side.path(name).write_text(filled(dedent(text).lstrip("\n"), side), encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a part of a file on both sides, as a user does in an editor."""
        for side in self.sides:
            text = side.path(name).read_text(encoding="utf-8")
            assert old in text, f"{old!r} is not in {name}"
            side.path(name).write_text(text.replace(old, filled(new, side)), encoding="utf-8")

    def read(self, name: str) -> str:
        """What is in a file."""
        return self.sides[0].path(name).read_text(encoding="utf-8")

    def revision(
        self,
        id: str,
        after: object = None,
        *,
        up: str = "pass",
        down: str = "pass",
        folder: str = VERSIONS,
        labels: object = None,
        depends_on: object = None,
    ) -> None:
        """Write a revision file by hand."""
        bodies = {name: indent(dedent(text).strip(), "    ") for name, text in {"up": up, "down": down}.items()}
        names = {
            "id": id,
            "after": after,
            "labels": labels,
            "depends_on": depends_on,
            "message": f"by hand {id}",
            "parameters": "",
        }
        self.write(f"{folder}/{id}_by_hand.py", REVISION.format(**names, **bodies))

    def table(self, id: str, after: object = None, **more: object) -> None:
        """Write a revision file that creates a table."""
        create = f"op.create_table('t_{id}', sa.Column('id', sa.Integer, primary_key=True), sa.Column('name', sa.String(20)))"
        self.revision(id, after, up=create, down=f"op.drop_table('t_{id}')", **more)

    def sql(self, statement: str) -> None:
        """Execute a statement on the default database of both sides."""
        for side in self.sides:
            side.databases[""].run(statement)

    # -- facts

    @property
    def tables(self) -> list[str]:
        """The tables of the default database."""
        return self.sides[0].databases[""].tables()

    @property
    def version(self) -> list[str]:
        """The rows of its version table."""
        return self.sides[0].databases[""].version()

    # -- steps

    def run(self, script: str) -> Pair:
        """Type commands, one a line, each on both sides; ``!`` in front says that it must fail. The tools take turns."""
        for line in filter(None, map(str.strip, script.splitlines())):
            words = shlex.split(line.removeprefix("!"))
            pair = self.step({tool: (self.words(tool, words), None) for tool in self.tools}, fails=line.startswith("!"))
        return pair

    def python(self, source: str, *, fails: bool = False) -> Pair:
        """Run code on both sides; it is written for Flask-Migrate, as the application is."""
        return self.step({tool: ([], self.in_words_of(tool, dedent(source))) for tool in self.tools}, fails=fails)

    def made_by(self, tool: Tool, command: str) -> None:
        """Type a command on both sides, with the same tool."""
        for side in self.sides:
            self.prepare(tool, side)
            tool.start(side.folder, self.words(tool, shlex.split(command)), **side.env)
            done = tool.finish()
            assert done.code == 0, f"\n{done}"

    def step(self, what: Mapping[Tool, tuple[list[str], str | None]], *, fails: bool) -> Pair:
        """Do one thing with both tools at the same time; what: words or code, as each of them has it."""
        tools = self.tools = self.tools[::-1]
        for tool, side in zip(tools, self.sides, strict=True):
            self.prepare(tool, side)
            words, typed = what[tool]
            if tool is self.ours and "stamp" in words and "--sql" not in words:
                words = [*words, "--unchecked"]  # the histories here do not say what is in the databases
            tool.start(side.folder, words, typed, **side.env)
        done = {tool: tool.finish() for tool in tools}
        pair = Pair(done[self.theirs], done[self.ours])
        assert all((each.code != 0) == fails for each in done.values()), f"\n{pair}"
        differences = list(different(self.sides[0].state(), self.sides[1].state(), *(tool.package for tool in tools)))
        assert not differences, "\n".join([f"\n{pair}", *differences])
        return pair

    def in_words_of(self, tool: Tool, source: str) -> str:
        """Written for this tool: the line that imports Migrate is the one change that a project needs."""
        theirs = source.replace(OUR_IMPORT, THEIR_IMPORT)
        return theirs.replace(THEIR_IMPORT, OUR_IMPORT) if tool is self.ours else theirs

    def prepare(self, tool: Tool, side: Side) -> None:
        """Make the project one of this tool. On MariaDB the journal is tables that Alembic would propose to drop."""
        if tool is self.theirs:
            for database in side.databases.values():
                if database.kind == "mariadb":
                    database.run("drop table if exists whimbrel_journal, whimbrel_part")

    def words(self, tool: Tool, words: list[str]) -> list[str]:
        """The whole command, as after ``python -m``."""
        raise NotImplementedError


class FlaskTwins(Twins):
    """A Flask application in app.py, written for Flask-Migrate. Commands are ``flask db …``."""

    group = "db"

    def prepare(self, tool: Tool, side: Side) -> None:
        super().prepare(tool, side)
        app = side.path("app.py")
        before = app.read_text(encoding="utf-8")
        after = self.in_words_of(tool, before)
        if after != before:
            app.write_text(after, encoding="utf-8")

    def words(self, tool: Tool, words: list[str]) -> list[str]:
        return ["flask", self.group, *words]


class PlainTwins(Twins):
    """A project without Flask. Commands are ``alembic …`` and ``whimbrel …``."""

    def words(self, tool: Tool, words: list[str]) -> list[str]:
        return [tool.program, *words]


def filled(text: str, side: Side) -> str:
    """A text with the addresses of the databases of a side."""
    for name, url in sorted(side.env.items(), reverse=True):
        text = text.replace(f"${name}", url)
    return text


def different(first: Mapping[str, list[str]], second: Mapping[str, list[str]], *names: str) -> Iterator[str]:
    """Where two states differ, as a person reads it."""
    for what in sorted(first.keys() | second.keys()):
        left, right = (f"{what}, by {name}" for name in names)
        yield from unified_diff(first.get(what, []), second.get(what, []), left, right, lineterm="", n=1)
