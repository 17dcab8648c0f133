"""A revision is read from its text; only a file that computes its identifiers is run."""

from __future__ import annotations

import py_compile
from pathlib import Path

import pytest

from whimbrel.errors import HistoryError
from whimbrel.revisions.read import read_revision


@pytest.fixture
def read(tmp_path: Path):
    def read(text: str, name: str = "ab12_add_users.py"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_revision(path)

    return read


STANDARD = '''"""Add users

Revision ID: ab12
Revises: aa00
Create Date: 2026-01-01 00:00:00

"""
from alembic import op
import nothing_of_that_name

revision = "ab12"
down_revision = "aa00"
branch_labels = None
depends_on = None

raise SystemExit("a history is read, not run")
'''


def test_the_usual_file(read):
    revision, is_static = read(STANDARD)
    assert is_static
    assert (revision.id, revision.parents, revision.labels, revision.depends_on) == ("ab12", ("aa00",), (), ())
    assert revision.message == "Add users"
    assert revision.created == "2026-01-01 00:00:00"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("revision = 'a'\ndown_revision = None", ("a", (), (), ())),
        ("revision: str = 'a'\ndown_revision: str | None = 'b'", ("a", ("b",), (), ())),
        ("revision = 'a'\ndown_revision = ('b', 'c')", ("a", ("b", "c"), (), ())),
        ("revision = 'a'\ndown_revision = ['b', 'c']", ("a", ("b", "c"), (), ())),
        ("revision, down_revision = 'a', 'b'", ("a", ("b",), (), ())),
        ("revision = down_revision = 'a'\ndown_revision = 'b'", ("a", ("b",), (), ())),
        ("BEFORE = 'b'\nrevision = 'a'\ndown_revision = BEFORE", ("a", ("b",), (), ())),
        ("revision = 'a' + '1'\ndown_revision = None", ("a1", (), (), ())),
        ("revision = 'a'\ndown_revision = None\nbranch_labels = ('x', 'y')\ndepends_on = 'z'", ("a", (), ("x", "y"), ("z",))),
        ("revision = 'a'\ndown_revision = ''", ("a", (), (), ())),
    ],
)
def test_ways_to_write_identifiers(read, text, expected):
    revision, _ = read(text)
    assert (revision.id, revision.parents, revision.labels, revision.depends_on) == expected


@pytest.mark.parametrize(
    "text",
    [
        "import os\nrevision = os.path.basename('x/a')\ndown_revision = None",
        "revision = 'a'\nif True:\n    down_revision = None",
        "revision = 'a'\nfor down_revision in ('b', None): pass",
        "def revision(): pass\nrevision = 'a'\ndown_revision = None",
        "revision = f'{\"a\"}'\ndown_revision = None",
        "globals().update(revision='a', down_revision=None)\nrevision, (down_revision,) = 'a', [None]",
    ],
)
def test_what_is_computed_is_run(read, text):
    revision, is_static = read(text)
    assert (revision.id, revision.parents) == ("a", ())
    assert not is_static


def test_identifiers_in_a_docstring_mean_nothing(read):
    revision, _ = read('"""Like\n\nrevision = "wrong"\ndown_revision = "wrong"\n"""\nrevision = "a"\ndown_revision = None\n')
    assert revision.id == "a"


def test_an_encoding_declaration_is_obeyed(tmp_path):
    path = tmp_path / "a.py"
    path.write_bytes('# -*- coding: latin-1 -*-\n"""Größe"""\nrevision = "a"\ndown_revision = None\n'.encode("latin-1"))
    assert read_revision(path)[0].message == "Größe"


@pytest.mark.parametrize("compile_it", [True, False], ids=["constants", "computed"])
def test_bytecode_without_a_source(tmp_path, compile_it):
    source = tmp_path / "ab12_add.py"
    value = '"ab12"' if compile_it else '"".join(["ab", "12"])'
    source.write_text(f'"""Add"""\nrevision = {value}\ndown_revision = ("aa00", "bb00")\nbranch_labels = None\n')
    compiled = tmp_path / "ab12_add.pyc"
    py_compile.compile(str(source), str(compiled))
    source.unlink()
    revision, is_static = read_revision(compiled)
    assert (revision.id, revision.parents, revision.message) == ("ab12", ("aa00", "bb00"), "Add")
    assert is_static is compile_it


def test_a_file_from_before_alembic_0_2_is_named_by_its_name(read):
    assert read("down_revision = None\n", "1975ea83b712.py")[0].id == "1975ea83b712"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("revision = 'a'\ndown_revision =", "is not valid Python"),
        ("x = 1", "does not say which revision it is"),
        ("revision = 'a'", "does not say which revision it comes after"),
        ("revision = 12\ndown_revision = None", "is not a string"),
        ("revision = 'a-b'\ndown_revision = None", "- is not allowed in the name 'a-b'"),
        ("revision = 'a'\ndown_revision = ('b', 3)", "down_revision has 3"),
        ("revision = 1/0\ndown_revision = None", "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_a_revision_is_refused_with_its_place(read, text, message):
    with pytest.raises(HistoryError) as error:
        read(text, "my_revision.py")
    assert message in str(error.value)
    assert "my_revision.py" in (error.value.place or "")


def test_a_syntax_error_has_a_line(read):
    with pytest.raises(HistoryError) as error:
        read("revision = 'a'\ndown_revision = None\n\n\ndef upgrade(:\n    pass\n")
    assert str(error.value.place).endswith("ab12_add_users.py:5")


def test_bytecode_of_another_python_is_refused(tmp_path):
    path = tmp_path / "a.pyc"
    path.write_bytes(b"\0" * 40)
    with pytest.raises(HistoryError, match="compiled by another version of Python"):
        read_revision(path)
