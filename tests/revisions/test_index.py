"""The files of a project become its history, and are read once."""

from __future__ import annotations

import os
import py_compile
import sys
from pathlib import Path

import pytest

from whimbrel.errors import HistoryError
from whimbrel.project import Layout
from whimbrel.revisions import index
from whimbrel.revisions.index import read_all

LONG_AGO = 1_000_000_000


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "versions").mkdir()
    return tmp_path


def write(folder: Path, id: str, after: str | None = None, name: str | None = None) -> Path:
    path = folder / (name or f"{id}_message.py")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'"""Message of {id}"""\nrevision = {id!r}\ndown_revision = {after!r}\n')
    os.utime(path, (LONG_AGO, LONG_AGO))
    return path


def ids(folder: Path, *versions: Path, **options: bool) -> list[str]:
    return [revision.id for revision in read_all(Layout(folder, versions or (folder / "versions",), **options))]


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were opened."""
    opened: list[str] = []
    original = index.read_revision

    def spy(path: Path):
        opened.append(path.name)
        return original(path)

    monkeypatch.setattr(index, "read_revision", spy)
    return opened


def test_files_are_read_in_the_order_of_their_names(folder):
    for id in ("b", "a", "c"):
        write(folder / "versions", id)
    assert ids(folder) == ["a", "b", "c"]


def test_what_is_no_revision_is_left_out(folder):
    write(folder / "versions", "a")
    for name in ("__init__.py", ".#lock.py", "notes.txt", "a.py.orig"):
        (folder / "versions" / name).write_text("not a revision")
    write(folder / "versions" / "sub", "deep")
    assert ids(folder) == ["a"]


def test_folders_below_are_read_where_they_are_asked_for(folder):
    write(folder / "versions", "a")
    write(folder / "versions" / "2026" / "01", "deep")
    assert ids(folder, recursive=True) == ["a", "deep"]


def test_several_folders_and_one_file_that_is_in_two_of_them(folder):
    write(folder / "versions", "a")
    write(folder / "more", "b")
    (folder / "more" / "link.py").symlink_to(folder / "versions" / "a_message.py")
    assert ids(folder, folder / "versions", folder / "more") == ["a", "b"]


def test_a_folder_that_does_not_exist_has_no_revisions(folder):
    assert ids(folder, folder / "nowhere") == []


def test_bytecode_counts_only_where_it_may_and_has_no_source(folder):
    for id in ("a", "b"):
        path = write(folder / "versions", id)
        py_compile.compile(str(path), str(path) + "c")
        py_compile.compile(str(path))
    (folder / "versions" / "b_message.py").unlink()
    (folder / "versions" / "b_message.pyc").unlink()
    assert ids(folder) == ["a"]
    assert ids(folder, sourceless=True) == ["a", "b"]


def test_two_files_with_one_id_are_named(folder):
    write(folder / "versions", "a", name="one.py")
    write(folder / "versions", "a", name="two.py")
    with pytest.raises(HistoryError, match=r"Two files have the revision id a: one\.py and two\.py"):
        ids(folder)


def test_a_file_is_read_once(folder, reads):
    write(folder / "versions", "a")
    ids(folder)
    ids(folder)
    assert reads == ["a_message.py"]


def test_memory_gives_back_what_was_read(folder):
    path = write(folder / "versions", "a")
    path.write_text('"""M\n\nCreate Date: 2026"""\nrevision="a"\ndown_revision=("b", "c")\nbranch_labels="l"\ndepends_on="d"\n')
    os.utime(path, (LONG_AGO, LONG_AGO))
    layout = Layout(folder, (folder / "versions",))
    assert read_all(layout) == read_all(layout)
    assert read_all(layout)[0].parents == ("b", "c")


@pytest.mark.parametrize("change", ["size", "time", "new", "gone"])
def test_what_has_changed_is_read_again(folder, reads, change):
    path = write(folder / "versions", "a")
    ids(folder)
    reads.clear()
    match change:
        case "size":
            path.write_text(path.read_text() + "# more\n")
            os.utime(path, (LONG_AGO, LONG_AGO))
        case "time":
            os.utime(path, (LONG_AGO, LONG_AGO + 1))
        case "new":
            write(folder / "versions", "b", "a")
        case "gone":
            path.unlink()
    found = ids(folder)
    assert found == {"new": ["a", "b"], "gone": []}.get(change, ["a"])
    assert reads == {"new": ["b_message.py"], "gone": []}.get(change, ["a_message.py"])


def test_a_file_that_was_just_written_is_not_trusted_to_stay(folder, reads):
    path = write(folder / "versions", "a")
    os.utime(path)
    ids(folder)
    ids(folder)
    assert reads == ["a_message.py"] * 2


def test_a_computed_id_is_asked_for_every_time(folder, reads):
    path = write(folder / "versions", "a")
    path.write_text("revision = ''.join('a')\ndown_revision = None\n")
    os.utime(path, (LONG_AGO, LONG_AGO))
    ids(folder)
    ids(folder)
    assert reads == ["a_message.py"] * 2


def test_a_memory_that_is_damaged_is_not_used(folder):
    write(folder / "versions", "a")
    ids(folder)
    for nonsense in ("", "{}", '{"format": 99, "files": {}}', "[1, 2]", "\0"):
        (folder / "__pycache__" / "whimbrel-history.json").write_text(nonsense)
        assert ids(folder) == ["a"]


def test_nothing_is_remembered_where_bytecode_is_not_written_either(folder, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write(folder / "versions", "a")
    ids(folder)
    assert not (folder / "__pycache__").exists()


def test_a_folder_that_cannot_be_written_is_no_error(folder):
    write(folder / "versions", "a")
    (folder / "__pycache__").write_text("a file in the way")
    assert ids(folder) == ["a"]
