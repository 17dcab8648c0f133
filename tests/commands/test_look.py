"""Commands that only look: heads, branches, show, history, current, edit."""

from __future__ import annotations

import json
import sys

import pytest

from kit import on


@pytest.fixture
def tree(project):
    """base <- left, right <- merged <- top, and a base of its own that depends on left."""
    project.app("")
    project.ok("init")
    project.revision(id="base0", message="tables")
    project.revision(id="left0", after="base0", message="left side", labels=("left",))
    project.revision(id="right0", after="base0", message="right side")
    project.revision(id="merged0", after=("left0", "right0"), message="join")
    project.revision(id="top0", after="merged0", message="more")
    project.revision(id="alone0", after=None, message="reports", depends_on="left")
    return project


@on("sqlite")
def test_heads(tree):
    assert tree.ok("heads").out == "alone0 (head)  reports\ntop0 (left) (head)  more\n"
    assert tree.ok("heads", "--resolve-dependencies").out == "alone0 (head)  reports\ntop0 (left) (head)  more\n"


@on("sqlite")
def test_a_head_that_another_branch_needs_is_an_effective_head(project):
    project.app("")
    project.ok("init")
    project.revision(id="a0", after=None)
    project.revision(id="b0", after=None, depends_on="a0")
    assert project.ok("heads").out == "a0 (effective head)  by hand\nb0 (head)  by hand\n"
    assert project.ok("heads", "--resolve-dependencies").out == "b0 (head)  by hand\n"


@on("sqlite")
def test_history_is_drawn(tree):
    assert tree.ok("history").out == (
        "* alone0 (head) (depends on left)  reports\n"
        "* top0 (left) (head)  more\n"
        "* merged0 (left) (mergepoint)  join\n"
        "|\\\n"
        "| * right0  right side\n"
        "* | left0 (left)  left side\n"
        "|/\n"
        "* base0 (branchpoint)  tables\n"
    )


@on("sqlite")
@pytest.mark.parametrize(
    ("range", "expected"),
    [
        ("base0:left0", ["left0", "base0"]),
        ("merged0:", ["top0", "merged0"]),
        (":left0", ["left0", "base0"]),
        ("base:right0", ["right0", "base0"]),
        ("top0-1:top0", ["top0", "merged0"]),
        ("left0:+2", ["top0", "merged0", "left0"]),
    ],
)
def test_a_part_of_the_history(tree, range, expected):
    found = json.loads(tree.ok("history", "-r", range, "--format", "json").out)
    assert [entry["revision"] for entry in found] == expected


@on("sqlite")
def test_a_range_that_makes_no_sense(tree):
    tree.refused("history", "-r", "left0", code=2).says("'left0' is not a range", "start:end")
    tree.refused("history", "-r", "right0:left0").says("right0 does not come before left0")


@on("sqlite")
def test_history_marks_where_the_database_is(tree):
    tree.ok("upgrade", "left0")
    assert "left0 (left) (current)" in tree.ok("history", "-i").out
    found = json.loads(tree.ok("history", "-r", "base:current", "--format", "json").out)
    assert [entry["revision"] for entry in found] == ["left0", "base0"]


@on("sqlite")
def test_verbose_history_has_everything(tree):
    out = tree.ok("history", "-v", "-r", "merged0:merged0").out
    assert out == (
        "Rev: merged0 (left) (mergepoint)\n"
        "Merges: left0, right0\n"
        "Branch names: left\n"
        f"Path: {tree.versions / 'merged0_join.py'}\n"
        "\n"
        "    join\n"
        "\n"
        "    Revision ID: merged0\n"
        "    Revises: ('left0', 'right0')\n"
        "    Create Date: 2026-01-01 00:00:00\n"
        "\n"
    )


@on("sqlite")
def test_show(tree):
    tree.ok("show", "alone0").says("Rev: alone0 (head)", "Parent: <base>", "Also depends on: left")
    tree.ok("show", "base0").says("(branchpoint)", "Branches into: left0, right0")
    tree.ok("show", "left@head").says("Rev: top0")
    tree.ok("show", "top0-1").says("Rev: merged0")
    tree.ok("show", "heads").says("Rev: alone0", "Rev: top0")
    tree.ok("upgrade", "right0")
    tree.ok("show", "current").says("Rev: right0")
    tree.refused("show", "nothing").says("There is no revision 'nothing'")


@on("sqlite")
def test_branches(tree):
    assert tree.ok("branches").out == "base0 (branchpoint)\n      -> left0 (left)\n      -> right0\n\n"
    tree.ok("branches", "-v").says("left side")


def test_current(tree):
    result = tree.ok("current")
    assert result.out == ""
    assert result.err == "No revision has been applied yet.\n"
    tree.ok("upgrade", "left0")
    assert tree.ok("current").out == "left0 (left)  left side\n"
    tree.ok("current", "-v").says("Current revision(s) for", tree.database.kind.replace("mariadb", "mysql"), "Parent: base0")


def test_current_can_check_that_all_heads_are_applied(tree):
    tree.ok("upgrade", "left0")
    tree.refused("current", "--check-heads").says("is not at the head", "4 pending", "flask db upgrade")
    tree.ok("upgrade", "heads")
    tree.ok("current", "-c").says("top0 (left) (head)", "alone0 (head)")


def test_a_password_is_never_printed(tree):
    out = tree.ok("current", "-v").text + tree.ok("current", "--format", "json").text
    assert "secret" not in out


@on("sqlite")
def test_edit_opens_the_editor(tree, monkeypatch):
    editor = tree.write("editor.py", "import sys; open('opened', 'a').write(sys.argv[1] + '\\n')")
    monkeypatch.setenv("EDITOR", f"{sys.executable} {editor}")
    monkeypatch.delenv("VISUAL", raising=False)
    tree.ok("edit", "left0")
    tree.ok("upgrade", "right0")
    tree.ok("edit", "current")
    assert (tree.folder / "opened").read_text().split() == [
        str(tree.versions / "left0_left_side.py"),
        str(tree.versions / "right0_right_side.py"),
    ]
    tree.refused("edit", "base").says("'base' has no file to edit")


@on("sqlite")
@pytest.mark.parametrize("command", ["heads", "history", "branches", "show", "current"])
def test_json_has_all_that_is_known_of_a_revision(tree, command):
    tree.ok("upgrade", "heads")
    found = json.loads(tree.ok(command, *(["heads"] if command == "show" else []), "--format", "json").out)
    entries = found[0]["revisions"] if command == "current" else found
    assert set(entries[0]) == {
        "revision",
        "parents",
        "depends_on",
        "labels",
        "message",
        "created",
        "path",
        "is_head",
        "is_branch_point",
        "is_merge_point",
        "is_current",
    }


@on("sqlite")
def test_a_history_that_contradicts_itself_stops_every_command(tree):
    tree.write("migrations/versions/again.py", "revision = 'left0'\ndown_revision = None\n")
    for command in ("heads", "history", "upgrade", "current", "migrate", "merge"):
        result = tree.refused(command, code=2)
        result.says("Two files have the revision id left0", "again.py", "left0_left_side.py")


@on("sqlite")
def test_errors_are_json_too(tree):
    found = json.loads(tree.refused("show", "nothing", "--format", "json").out)
    assert found["error"] == "RevisionNotFound"
    assert found["exit_code"] == 1
    assert found["message"] == "There is no revision 'nothing'."


@on("sqlite")
def test_an_empty_project(project):
    project.app("")
    project.ok("init")
    for command in ("heads", "history", "branches", "show"):
        assert project.ok(command).out == ""
    project.ok("upgrade")
    project.refused("upgrade", "abc").says("There is no revision 'abc'.", "no revisions yet")
