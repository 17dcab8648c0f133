"""What is said where a count of rows takes longer than anybody should wait for it."""

from __future__ import annotations

import json

import pytest

from kit import Project, on

PERSON = """
op.create_table(
    "person",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("age", sa.Integer),
    sa.Column("weight", sa.Numeric(10, 2)),
)
op.create_table("pet", sa.Column("id", sa.Integer, primary_key=True))
"""
NUMBERS = {
    "postgresql": "generate_series(1, 80000) seq",
    "mariadb": "seq_1_to_80000",
    "sqlite": "(with recursive n(seq) as (select 1 union all select seq + 1 from n where seq < 80000) select seq from n)",
}
"""More than any server counts in a thousandth of a second."""
ROUNDS = {
    "postgresql": "ALTER TABLE person ALTER COLUMN weight TYPE numeric(10, 1)",
    "mariadb": "ALTER TABLE person MODIFY weight decimal(10, 1)",
}


@pytest.fixture
def person(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    project.app("")
    project.ok("init")
    project.revision(PERSON, id="aaaa")
    project.ok("upgrade")
    project.database.run(f"insert into person select seq, 1, 1.25 from {NUMBERS[project.database.kind]}")
    monkeypatch.setattr("whimbrel.hazards.asking.PATIENCE", 0.001)
    return project


@pytest.mark.parametrize(
    ("up", "said"),
    [
        (
            'op.alter_column("person", "age", existing_type=sa.Integer(), nullable=False)',
            ("notice", "not-null-fails:person.age", "person.age may be null in some rows, and must not be"),
        ),
        (
            'op.create_unique_constraint("uq", "person", ["age"])',
            ("notice", "unique-fails:person", "person (age): values may be there more than once"),
        ),
        (
            'op.create_foreign_key("fk", "person", "pet", ["age"], ["id"])',
            ("notice", "foreign-key-fails:person", "rows of person may point to no row of pet (age)"),
        ),
        (
            'op.create_check_constraint("ck", "person", "age > 0")',
            ("notice", "check-fails:person", "rows of person may break the check ck"),
        ),
        (
            'op.alter_column("person", "weight", existing_type=sa.Numeric(10, 2), type_=sa.Integer())',
            ("notice", "type-change-fails:person.weight", "values of person.weight may not survive the change to INTEGER"),
        ),
    ],
)
@on("postgresql", "mariadb")
def test_what_could_not_be_counted_is_said_and_stops_nobody(person, up, said):
    person.revision(up, id="bbbb")
    listed = json.loads(person.flask("review", "--format", "json").out)["findings"]
    severity, key, doubt = said
    assert (severity, key, f"{doubt}: that could not be counted in 0.001 s") in [
        (each["severity"], each["key"], each["message"]) for each in listed
    ]
    assert "danger" not in [each["severity"] for each in listed]


def test_values_that_could_not_be_counted_are_lost_all_the_same(person):
    person.revision('op.drop_column("person", "age")', id="bbbb")
    person.refused("upgrade").says(
        "the values (more than could be counted in 0.001 s) of person.age would be lost",
        "--accept drop-column-loses-data:person.age",
    )


@on("postgresql")
def test_rows_that_could_not_be_compared_are_said(person):
    person.revision('op.execute("ALTER TABLE person ADD CONSTRAINT ex EXCLUDE (id WITH =)")', id="bbbb")
    person.ok("plan").says("notice  rows of person may exclude each other by ex: that could not be counted in 0.001 s")


@on("sqlite")
def test_what_could_not_be_counted_on_sqlite_is_said(person):
    person.revision('op.create_index("ix", "person", ["age"], unique=True)', id="bbbb")
    person.ok("plan").says("notice  person (age): values may be there more than once: that could not be counted in 0.001 s")


@on("postgresql", "mariadb")
def test_what_rounds_values_in_sql_is_counted_to_the_end_before_it_is_executed(person):
    person.revision(f'op.execute("{ROUNDS[person.database.kind]}")', id="bbbb")
    person.flask("upgrade").says("80,000 values of person.weight would not survive the change", "1.25")
    assert {str(row[2]) for row in person.database.rows("person")} == {"1.25"}
