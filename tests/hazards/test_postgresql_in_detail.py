"""What rules say on PostgreSQL, in the words that only this database has."""

from __future__ import annotations

import json

import pytest

from kit import Project, on

PERSON = """
class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(50))
"""


@pytest.fixture
def person(project: Project) -> Project:
    project.keywords = ", review_limit=0"
    project.app(PERSON)
    project.ok("init")
    project.ok("migrate", "--rev-id", "aaaa")
    project.ok("upgrade")
    project.database.run("insert into person (name) values ('Ada'), (null)")
    return project


def said(project: Project, up: str, *given: str) -> dict[str, list[str]]:
    """What the rules say of a revision, after some statements."""
    for statement in given:
        project.database.run(statement)
    project.revision(up, id="bbbb")
    found: dict[str, list[str]] = {}
    for each in json.loads(project.flask("review", "--format", "json").out)["findings"]:
        found.setdefault(each["code"], []).append(each["message"])
    return found


@pytest.mark.parametrize(
    ("up", "found"),
    [
        (
            "op.execute('ALTER TABLE person ALTER name TYPE text')",
            ["the view names keeps person.name from getting another type"],
        ),
        ("op.alter_column('person', 'name', type_=sa.Text())", []),
        ("op.execute('DROP VIEW names')\nop.execute('ALTER TABLE person ALTER name TYPE text')", []),
        ("op.execute('DROP TABLE person CASCADE')", ["the view names goes along with person"]),
        ("op.execute('ALTER TABLE person DROP name CASCADE')", ["the view names goes along with person.name"]),
        (
            "op.execute('ALTER TABLE person DROP name, ADD boss int REFERENCES person ON DELETE CASCADE')",
            ["the view names needs person.name"],
        ),
    ],
)
@on("postgresql")
def test_a_view_of_what_changes(person, up, found):
    assert said(person, up, "create view names as select name from person").get("view-breaks", []) == found


@on("postgresql")
def test_a_change_of_type_by_an_operation_makes_the_views_again(person):
    person.database.run("create view names as select name from person")
    person.revision("op.alter_column('person', 'name', type_=sa.Text())", id="bbbb")
    person.ok("upgrade")
    assert person.database.run("select name from names where name is not null") == [("Ada",)]


@pytest.mark.parametrize(
    ("up", "is_found"),
    [
        ("op.execute('ALTER TABLE person ADD COLUMN IF NOT EXISTS rank int NOT NULL')", True),
        ("op.execute('ALTER TABLE person ADD rank int DEFAULT NULL NOT NULL')", True),
        ("op.execute('ALTER TABLE person ADD COLUMN IF NOT EXISTS name text NOT NULL')", False),
    ],
)
@on("postgresql")
def test_a_column_that_is_added_where_it_is_not_there(person, up, is_found):
    assert ("new-column-without-value" in said(person, up)) == is_found


@pytest.mark.parametrize(
    "add",
    [
        "op.execute('ALTER TABLE person ADD COLUMN IF NOT EXISTS name text')",
        "names = sa.table('pg_class', sa.column('relname'))\n"
        "op.get_bind().execute(sa.select(names)).all()\n"
        "op.execute('ALTER TABLE person ADD COLUMN IF NOT EXISTS name text')",
    ],
)
@on("postgresql")
def test_a_column_that_was_there_before_it_was_added_is_something_to_lose(person, add):
    drop = "op.get_bind().execute(sa.text('ALTER TABLE ' + 'person DROP COLUMN ' + 'name'))"
    person.revision(f"{add}\n{drop}", id="bbbb")
    person.refused("upgrade").says("drop-column-loses-data:person.name")


@pytest.mark.parametrize(
    ("up", "code"),
    [
        ("alter type mood rename value 'a' /* of old */ to 'b'", "enum-rename-breaks-programs"),
        ("ALTER TABLE person /* people */ ADD COLUMN token uuid -- new\nDEFAULT gen_random_uuid()", "default-rewrite"),
        ("REINDEX -- all\nTABLE person", "index-blocks-writes"),
        ("ALTER SCHEMA /* not */ other RENAME TO another", "schema-breaks-programs"),
    ],
)
@on("postgresql")
def test_comments_in_sql_hide_nothing(person, up, code):
    given = ["create type mood as enum ('a')", "create table feeling (is_ mood)", "insert into feeling values ('a')"]
    given += ["create schema other", "create table other.t as select 1"]
    assert code in said(person, f"op.execute({up!r})", *given)


@on("postgresql")
def test_comments_in_what_is_executed_hide_nothing(person):
    up = "op.get_bind().execute(sa.text('TRUNCATE /* all */ ' + '-- of\\n' + 'person'))"
    person.revision(f"if op.get_bind().scalar(sa.text('select 1')):\n    {up}", id="bbbb")
    person.refused("upgrade").says("truncate-loses-data:person")


@pytest.mark.parametrize(
    ("up", "found"),
    [
        ("op.drop_index('uq_name', 'person')", ["uq_name keeps nothing out of person any more"]),
        ("op.execute('DROP INDEX uq_name')\nop.create_index('uq', 'person', ['name'], unique=True)", []),
        ("op.drop_index('ix_name', 'person')", []),
        ("op.execute('DROP TABLE person CASCADE')", ["fk_pet keeps nothing out of pet any more"]),
        ("op.execute('ALTER TABLE person DROP name CASCADE')", []),
        (
            "op.execute('ALTER TABLE person DROP CONSTRAINT person_pkey CASCADE')",
            ["fk_pet keeps nothing out of pet any more", "person_pkey keeps nothing out of person any more"],
        ),
        (
            "if op.get_bind().dialect.name == 'postgresql':\n"
            "    op.execute('ALTER TABLE pet ALTER CONSTRAINT fk_pet DEFERRABLE NOT ENFORCED')",
            ["fk_pet keeps nothing out of pet any more"],
        ),
    ],
)
@on("postgresql")
def test_what_keeps_nothing_out_any_more(person, up, found):
    given = ["create unique index uq_name on person (name)", "create index ix_name on person (name)"]
    given += ["create table pet (id integer, person_id integer constraint fk_pet references person)"]
    given += ["insert into pet values (1, 1)"]
    assert sorted(said(person, up, *given).get("constraint-dropped", [])) == found


@on("postgresql")
def test_a_unique_index_of_a_table_without_rows_goes_without_a_word(person):
    given = ["create table pet (id integer)", "create unique index uq_pet on pet (id)"]
    assert said(person, "op.drop_index('uq_pet', 'pet')", *given) == {}


@pytest.mark.parametrize(
    ("up", "code", "message"),
    [
        (
            "op.add_column('pet', sa.Column('boss', sa.Integer, sa.ForeignKey('person.id'), server_default='1'))",
            "foreign-key-scan",
            "pet (1 row): nobody reads or writes it, and nobody writes person, for about 0 ms while it is read whole",
        ),
        (
            "op.execute('ALTER TABLE pet ALTER CONSTRAINT fk_pet ENFORCED')",
            "foreign-key-scan",
            "pet (1 row): nobody reads or writes it, and nobody writes person, for about 0 ms while it is read whole",
        ),
        (
            "op.execute('DROP TABLE person CASCADE')\nop.create_index('ix', 'visit', ['id'])",
            "slow-after-lock",
            "person and pet stay locked for about 0 ms more, while visit is changed",
        ),
        (
            "op.execute('ALTER TABLE person DROP CONSTRAINT person_pkey CASCADE')\nop.create_index('ix', 'visit', ['id'])",
            "slow-after-lock",
            "person and pet stay locked for about 0 ms more, while visit is changed",
        ),
        (
            "op.execute('DROP TABLE visit_1')\nop.create_index('ix', 'pet', ['id'])",
            "slow-after-lock",
            "visit_1 and visit stay locked for about 0 ms more, while pet is changed",
        ),
    ],
)
@on("postgresql")
def test_who_waits_for_more_than_one_table(person, up, code, message):
    given = ["create table pet (id integer, person_id integer constraint fk_pet references person)"]
    given += ["create table visit (id integer) partition by range (id)"]
    given += ["create table visit_1 partition of visit for values from (0) to (9)", "insert into visit values (1)"]
    given += ["create table visit_2 partition of visit for values from (9) to (12)", "insert into visit values (10)"]
    given += ["insert into pet values (1, 1)", "analyze"]
    assert said(person, up, *given)[code] == [message]


@on("postgresql")
def test_nobody_is_told_of_types_that_sqlalchemy_does_not_know(person, recwarn):
    person.database.run("alter table person add place point, add spot line, add code pg_lsn")
    recwarn.clear()
    assert "drop-column-loses-data" in said(person, "op.drop_column('person', 'name')")
    assert [each for each in recwarn if "type" in str(each.message)] == []


@pytest.mark.parametrize(
    ("up", "found"),
    [
        ("op.execute('SET search_path TO other, public')\nop.drop_table('trip')", ["1 row of other.trip"]),
        (
            "op.execute('SET LOCAL search_path = nowhere, \"$user\", other')\nop.drop_table('trip')",
            ["1 row of other.trip"],
        ),
        (
            "op.execute(\"SELECT pg_catalog.set_config('search_path', 'other', false)\")\nop.execute('DROP TABLE trip')",
            ["1 row of other.trip"],
        ),
        (
            "op.execute('SET search_path TO other')\nop.execute('RESET search_path')\nop.drop_table('person')",
            ["2 rows of person"],
        ),
        ("op.execute('SET search_path TO other, public')\nop.drop_table('person')", ["2 rows of person"]),
        ("op.execute('SET search_path TO other')\nop.create_table('n', sa.Column('id', sa.Integer))\nop.drop_table('n')", []),
    ],
)
@on("postgresql")
def test_tables_are_looked_for_where_the_revision_has_them_looked_for(person, up, found):
    given = ["create schema other", "create table other.trip (id integer)", "insert into other.trip values (1)"]
    lost = said(person, up, *given).get("drop-table-loses-data", [])
    assert [each.removesuffix(" would be lost") for each in lost] == found


@pytest.mark.parametrize(("words", "is_kept"), [("SET", True), ("SET LOCAL", False)])
@on("postgresql")
def test_what_is_set_for_one_revision_ends_with_it(person, words, is_kept):
    given = ["create table trip (id integer, at timestamp)", "insert into trip values (1, now())", "set timezone to 'UTC'"]
    for statement in given:
        person.database.run(statement)
    person.revision(f"op.execute(\"{words} TIME ZONE 'Europe/London'\")", id="bbbb")
    person.revision("op.execute('ALTER TABLE trip ALTER at TYPE timestamptz')", id="cccc")
    listed = json.loads(person.flask("review", "--format", "json").out)["findings"]
    assert ("type-rewrite" in {each["code"] for each in listed}) == is_kept


@pytest.mark.parametrize(
    ("up", "found"),
    [
        ("DROP TYPE mood CASCADE", "the type mood would go with every column of it"),
        ("DROP SCHEMA other CASCADE", "the schema other would go with everything in it"),
    ],
)
@on("postgresql")
def test_what_goes_with_a_name(person, up, found):
    given = ["create type mood as enum ('a')", "create schema other"]
    assert said(person, f"op.execute({up!r})", *given)["drop-schema-loses-data"] == [found]


@on("postgresql")
def test_a_table_does_not_wait_for_itself_under_another_name(person):
    up = "op.rename_table('person', 'people')\nop.create_index('ix', 'people', ['name'])"
    found = said(person, up)
    assert "index-blocks-writes" in found
    assert "slow-after-lock" not in found
