"""Histories that are not one line: branches and merges, labels, dependencies, several folders, files without sources."""

from __future__ import annotations

import re

import pytest
from apps import FLASK
from twins import FlaskTwins, on

pytestmark = pytest.mark.dropin

COMPILE = """
    import compileall, pathlib

    compileall.compile_dir("migrations", legacy={legacy}, quiet=1)
    for path in pathlib.Path("migrations/versions").glob("*.py"):
        path.unlink()
"""


@pytest.fixture
def project(flask_twins) -> FlaskTwins:
    twins = flask_twins(FLASK)
    twins.made_by(twins.theirs, "init")
    return twins


def order(text: str, pattern: str) -> list[str]:
    """The revisions in the order in which a command lists them."""
    return re.findall(pattern, text, re.MULTILINE)


@on("sqlite", "mariadb")
def test_branches_and_a_merge(project):
    project.table("a1")
    project.table("b1", "a1")
    project.table("c1", "a1")
    project.run("""
        !upgrade
        upgrade b1
        upgrade heads
        current
        downgrade b1@-1
        upgrade b1@head
        merge -m joined --rev-id d1 heads
        upgrade
        revision -m after --rev-id e1
        upgrade +1
        !downgrade -- -2
        downgrade c1
        upgrade e1
        downgrade a1
        !upgrade +1
        upgrade head
    """)
    assert project.version == ["e1"]
    pair = project.run("history")
    assert order(pair.theirs.out, r"-> (\w+)") == order(pair.ours.out, r"\* (?:\| )*(\w+)") == ["e1", "d1", "b1", "c1", "a1"]


@on("sqlite")
def test_labels_and_dependencies(project):
    project.table("a1", labels=("shop",))
    project.table("a2", "a1")
    project.table("b1", labels=("blog",), depends_on="a1")
    project.table("b2", "b1")
    project.table("c1", depends_on=("b2", "a2"))
    project.run("""
        upgrade blog@head
        current
        downgrade blog@base
        upgrade shop@+1
        upgrade heads
        downgrade blog@-1
        downgrade blog@b1
        upgrade shop@head
        revision --head shop@head -m more --rev-id a3
        revision --head base --branch-label wiki -m new --rev-id w1
        revision --head a2 --splice -m aside --rev-id a4
        upgrade heads
    """)
    assert project.version == ["a3", "a4", "c1", "w1"]
    pair = project.run("heads --resolve-dependencies")
    assert order(pair.theirs.out, r"^(\w+)") == order(pair.ours.out, r"^(\w+)") == ["a3", "a4", "c1", "w1"]
    project.run("""
        stamp blog@base
        downgrade base
    """)


@on("postgresql")
def test_stamp(project):
    project.table("a1")
    project.table("a2", "a1")
    project.table("b2", "a1")
    project.run("""
        stamp a1
        upgrade a2
        stamp b2
        stamp heads
        stamp a1
        stamp base
        !stamp nowhere
        !stamp head
        stamp --purge b2
    """)
    project.sql("update alembic_version set version_num = 'elsewhere'")  # a revision that nobody knows
    project.run("""
        !current
        !stamp a2
        stamp --purge a2
    """)
    assert project.version == ["a2"]


@on("sqlite")
def test_several_folders(project):
    locations = "path_separator = os\nversion_locations = %(here)s/versions:%(here)s/plugin\n"
    project.edit("migrations/alembic.ini", "[alembic]\n", f"[alembic]\n{locations}")
    project.table("a1")
    project.table("p1", folder="migrations/plugin", labels=("plugin",), depends_on="a1")
    project.run("""
        revision -m more --rev-id p2 --head plugin@head
        revision -m own --rev-id q1 --head base --version-path migrations/plugin
        !revision -m nowhere --rev-id q2 --head q1 --version-path elsewhere
        upgrade heads
        downgrade plugin@base
        upgrade heads
    """)
    assert project.version == ["p2", "q1"]


@on("sqlite")
@pytest.mark.parametrize("legacy", [True, False], ids=["beside the sources", "in __pycache__"])
def test_files_without_their_sources(project, legacy):
    project.edit("migrations/alembic.ini", "[alembic]\n", "[alembic]\nsourceless = true\n")
    project.table("a1")
    project.table("a2", "a1", labels=("shop",))
    project.table("b1", depends_on="a1")
    project.python(COMPILE.format(legacy=legacy))
    project.run("""
        upgrade shop@head
        upgrade heads
        current
        downgrade base
        upgrade heads
    """)
    assert project.version == ["a2", "b1"]
