"""What is said where the database refuses to count rows."""

from __future__ import annotations

import json

import pytest

from kit import Project, on

TABLES = """
op.create_table("person", sa.Column("id", sa.Integer, primary_key=True), sa.Column("age", sa.Integer))
op.create_table("pet", sa.Column("id", sa.Integer, primary_key=True))
"""


@pytest.fixture
def person(project: Project) -> Project:
    project.app("")
    project.ok("init")
    project.revision(TABLES, id="aaaa")
    project.ok("upgrade")
    project.database.run("insert into person values (1, null)")
    return project


def notices(project: Project) -> list[str]:
    listed = json.loads(project.flask("review", "--format", "json").exits(0).out)["findings"]
    return [each["message"] for each in listed if "could not be counted" in each["message"]]


@on("postgresql", "mariadb")
def test_a_condition_that_the_database_refuses(person):
    person.revision('op.create_check_constraint("ck", "person", "no_such_function(age) > 0")', id="bbbb")
    assert [each.partition("(")[0] for each in notices(person)] == [
        "rows of person may break the check ck: that could not be counted "
    ]


@on("postgresql")
def test_a_value_that_the_revision_makes_and_rows_that_have_others(person):
    person.database.run("create type mood as enum ('glad', 'sad')")
    person.database.run("alter table person add mood mood default 'sad'")
    up = "with op.get_context().autocommit_block():\n    op.execute(\"ALTER TYPE mood ADD VALUE 'calm'\")\n"
    person.revision(f"{up}op.create_check_constraint('ck', 'person', \"mood IN ('glad', 'calm')\")", id="bbbb")
    said = 'rows of person may break the check ck: that could not be counted (invalid input value for enum mood: "calm")'
    assert notices(person) == [said]


@on("sqlite", "postgresql", "mariadb")
def test_nothing_is_said_of_columns_that_the_run_makes(person):
    body = """
    with op.batch_alter_table("person") as batch:
        batch.add_column(sa.Column("size", sa.Integer))
        batch.create_check_constraint("ck", "size > 0")
        batch.create_unique_constraint("uq", ["size"])
    """
    person.revision(body, id="bbbb")
    assert notices(person) == []


@on("postgresql")
def test_a_table_that_may_not_be_read(person):
    database = person.database
    role = f"blind_{database.address.database}"
    database.run(f"create role {role} login password 'x'")
    for granted in (
        "usage, create on schema public, whimbrel",
        "select on alembic_version",
        "select on all tables in schema whimbrel",
    ):
        database.run(f"grant {granted} to {role}")
    person.revision('op.alter_column("person", "age", nullable=False)', id="bbbb")
    address = database.address.set(username=role, password="x").render_as_string(hide_password=False)
    person.config = f'app.config["SQLALCHEMY_DATABASE_URI"] = "{address}"'
    person.app("")
    try:
        assert notices(person) == [
            "person.age may be null in some rows, and must not be: that could not be counted (permission denied for table person)"
        ]
    finally:
        database.run(f"drop owned by {role}")
        database.run(f"drop role {role}")
