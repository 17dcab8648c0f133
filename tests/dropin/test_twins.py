"""The twins see what they are there to see."""

from __future__ import annotations

import pytest
from apps import FLASK
from twins import FlaskTwins, on

pytestmark = [pytest.mark.dropin, on("sqlite")]


@pytest.fixture
def project(flask_twins) -> FlaskTwins:
    twins = flask_twins(FLASK)
    twins.made_by(twins.theirs, "init")
    twins.table("a1")
    twins.run("upgrade")
    return twins


@pytest.mark.parametrize(
    "statement",
    ["create table stray (id integer)", "insert into t_a1 values (1, 'x')", "update alembic_version set version_num = 'a0'"],
)
def test_a_difference_between_the_databases(project, statement):
    project.sides[0].databases[""].run(statement)
    with pytest.raises(AssertionError, match=r"database: .*, by"):
        project.run("heads")


def test_a_difference_between_the_files(project):
    project.sides[1].path("migrations/README").write_text("other")
    with pytest.raises(AssertionError, match="migrations/README, by"):
        project.run("heads")


def test_a_command_that_fails_and_one_that_should(project):
    with pytest.raises(AssertionError, match="exit 1"):
        project.run("upgrade nowhere")
    with pytest.raises(AssertionError, match="exit 0"):
        project.run("!upgrade head")


def test_the_other_environment_knows_nothing_of_whimbrel(project):
    source = "import importlib.util, os; print(importlib.util.find_spec('whimbrel') is None)"
    pair = project.python(source)
    assert (pair.theirs.out, pair.ours.out) == ("True\n", "False\n")
