"""One history, run twice: by Whimbrel and by today's tool, each on databases of its own, which must stay equal."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from catalog import rows, structure

from kit import Database

LONGEST = 300  # seconds, for one command


@dataclass
class Done:
    """What a command printed, and how it ended."""

    command: str
    code: int
    text: str

    @property
    def revisions(self) -> int:
        """How many revisions Whimbrel says that it ran."""
        return len(re.findall(r"^(?:\[\w+\] )?(?:upgrade|downgrade)  ", self.text, re.MULTILINE))

    def __str__(self) -> str:
        return f"$ {self.command}  -> exit {self.code}\n{self.text[-4000:]}"


@dataclass
class Side:
    """One tool with its own copy of the package and its own databases.

    folder: what Python imports from. cwd: where the command is typed. words: what is typed before each command.
    """

    tool: str
    python: Path
    folder: Path
    databases: Mapping[str, Database]
    cwd: Path = field(init=False)
    program: Path = field(init=False)
    words: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.cwd = self.folder
        self.program = self.python.with_name(self.tool)

    @property
    def database(self) -> Database:
        """The only one."""
        (only,) = self.databases.values()
        return only

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the package, as its user does who configures it."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert old in text
        (self.folder / path).write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *words: str) -> Done:
        """Type a command; and again with the consent that it asks for, also in the middle of the run."""
        accepted: dict[str, None] = {}
        said = ""
        while True:
            done = self.start(self.program, *self.words, *words, *(word for key in accepted for word in ("--accept", key)))
            keys = [key for key in re.findall(r"--accept ([^\s']+)", done.text) if not key.startswith("CODE")]
            said += done.text
            if "This needs your consent:" not in done.text or set(keys) <= set(accepted):
                return replace(done, text=said)
            accepted |= dict.fromkeys(keys)

    def start(self, *command: object) -> Done:
        """Start a process that can import the package."""
        typed = [str(word) for word in command]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("FLASK_", "WHIMBREL_", "ALEMBIC_"))}
        more = {"PYTHONPATH": str(self.folder), "NO_COLOR": "1", "PYTHONFAULTHANDLER": "1", **self.env}
        done = subprocess.run(
            typed,
            cwd=self.cwd,
            env=kept | more,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LONGEST,
        )
        return Done(" ".join(typed), done.returncode, done.stdout)


class Pair:
    """Today's tool and Whimbrel, doing the same."""

    def __init__(self, theirs: Side, ours: Side) -> None:
        self.theirs = theirs
        self.ours = ours
        self.kept: tuple[str, ...] = ()
        """What Whimbrel keeps of columns that it renames on MySQL, and Alembic does not."""

    def insert(self, given: Mapping[str, Sequence[Mapping[str, Any]]], into: str = "") -> None:
        """Rows of users, which are there while the rest of the history runs."""
        for side in (self.theirs, self.ours):
            database = side.databases[into]
            for table, records in given.items():
                for record in records:
                    columns, values = ", ".join(map(database.quoted, record)), ", ".join(f":{name}" for name in record)
                    database.run(f"insert into {database.quoted(table)} ({columns}) values ({values})", **record)

    def run(self, *words: str) -> Done:
        """Both run a command, and what it does is the same. Returns what Whimbrel said."""
        theirs, ours = self.both(*words)
        assert (theirs.code, ours.code) == (0, 0), f"{theirs}\n\n{ours}"
        self.same()
        return ours

    def stops(self, *words: str, at: str, because: str) -> Done:
        """Both fail, in the same revision, for the same reason, which is the history's. Returns what Whimbrel said."""
        theirs, ours = self.both(*words)
        assert theirs.code, theirs
        assert ours.code, ours
        for said in (theirs, ours):
            assert f"versions/{at}_" in said.text, said
            assert because in said.text, said
        return ours

    def both(self, *words: str) -> tuple[Done, Done]:
        """Both run a command, at the same time."""
        with ThreadPoolExecutor() as pool:
            theirs, ours = pool.map(lambda side: side.run(*words), (self.theirs, self.ours))
        return theirs, ours

    def same(self) -> None:
        """The databases of both have the same structure, the same rows, and the same rows in their version tables."""
        for name, ours in self.ours.databases.items():
            theirs = self.theirs.databases[name]
            found = differences(structure(theirs), structure(ours))
            assert [each for each in found if not any(word in each for word in self.kept)] == []
            assert differences(rows(theirs), rows(ours)) == []

    def down_three_and_up(self, head: str = "head") -> None:
        """The last three revisions, undone one by one and run again."""
        for _ in range(3):
            self.run("downgrade", "-1")
        self.run("upgrade", head)


def records(columns: str, *rows: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Rows of one table. columns: their names, with blanks between them."""
    return [dict(zip(columns.split(), row, strict=True)) for row in rows]


def differences(theirs: Mapping[str, list[str]], ours: Mapping[str, list[str]]) -> list[str]:
    """What only one of them has."""
    found = []
    for what in {**theirs, **ours}:
        left, right = theirs.get(what, ["nothing"]), ours.get(what, ["nothing"])
        found += [f"{what}, today: {fact}" for fact in left if fact not in right]
        found += [f"{what}, Whimbrel: {fact}" for fact in right if fact not in left]
        if not found and left != right:
            found.append(f"{what}, today: {left}\n{what}, Whimbrel: {right}")
    return found
