"""A type that is narrower than the old one is told without a database, too: nobody knows there which values there are."""

from __future__ import annotations

import json

import pytest

from kit import Project, on


def found(project: Project, old: str, new: str, dialect: str) -> list[str]:
    project.revision(f"op.alter_column('bird', 'x', existing_type=sa.{old}, type_=sa.{new})", id="aaaa", after=None)
    listed = json.loads(project.flask("review", "aaaa", "--dialect", dialect, "--format", "json").exits(0).out)["findings"]
    return [each["message"] for each in listed if each["code"] == "type-change-fails"]


@pytest.fixture
def birds(project: Project) -> Project:
    project.app("")
    project.ok("init")
    return project


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("String(70)", "String(30)", "VARCHAR(70) to VARCHAR(30)"),
        ("Text()", "String(30)", "TEXT to VARCHAR(30)"),
        ("String(30)", "Integer()", "VARCHAR(30) to INTEGER"),
        ("BigInteger()", "Integer()", "BIGINT to INTEGER"),
        ("Float()", "Integer()", "FLOAT to INTEGER"),
        ("Numeric(10, 2)", "Numeric(10, 3)", "NUMERIC(10, 2) to NUMERIC(10, 3)"),
        ("Numeric(10, 2)", "Numeric(12, 1)", "NUMERIC(10, 2) to NUMERIC(12, 1)"),
        ("Integer()", "Numeric(10, 2)", "INTEGER to NUMERIC(10, 2)"),
        ("Numeric()", "Numeric(30, 10)", "NUMERIC to NUMERIC(30, 10)"),
        ("DateTime()", "Date()", "TIMESTAMP WITHOUT TIME ZONE to DATE"),
    ],
)
@on("sqlite")
def test_what_has_no_place_for_some_values(birds, old, new, words):
    assert found(birds, old, new, "postgresql") == [f"values of bird.x may not survive the change from {words}"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("String(30)", "String(70)"),
        ("String(30)", "Text()"),
        ("Integer()", "BigInteger()"),
        ("SmallInteger()", "Integer()"),
        ("Numeric(10, 2)", "Numeric(11, 3)"),
        ("Integer()", "Numeric(12, 2)"),
        ("Integer()", "Numeric()"),
        ("DateTime()", "DateTime(timezone=True)"),
        ("JSON()", "Text()"),
    ],
)
@on("sqlite")
def test_what_has_a_place_for_all(birds, old, new):
    assert [found(birds, old, new, dialect) for dialect in ("postgresql", "mysql")] == [[], []]
