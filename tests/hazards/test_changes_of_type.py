"""Values of PostgreSQL that a change of type loses, and those that it does not."""

from __future__ import annotations

import json

import pytest

from kit import Project, on

GIVEN = [
    "create type mood as enum ('sad', 'ok')",
    "create domain positive as integer check (value > 0)",
    "create domain number as integer",
    "create table bird (id integer primary key, born timestamp, flies interval, weight float8, share numeric(20, 10),"
    " seen bigint, name text, mood mood, tag uuid, mask bit(5), rank number, host inet, digits text, spaces text,"
    " shares numeric[], names varchar(9)[])",
    "insert into bird select 1, '2020-01-01 10:00:00.6', '1.6 s', 0.1, 0.1234567891, 9007199254740993, 'sad', 'sad',"
    " gen_random_uuid(), '10101', -1, '10.1.1.1/8', ' 1 ', ' 2 ', '{1.5}', '{longer}'",
    "insert into bird select 2, '2020-01-01 10:00:00', '1 s', 0.5, 0.5, 1, 'glad', 'ok',"
    " gen_random_uuid(), '10100', 1, '10.0.0.0/8', 'x', ' ', '{2}', '{a}'",
]


@pytest.fixture
def birds(project: Project) -> Project:
    project.app("")
    project.ok("init")
    for statement in GIVEN:
        project.database.run(statement)
    return project


def lost(project: Project, up: str) -> list[str]:
    project.revision(up, id="aaaa", after=None)
    listed = json.loads(project.flask("review", "--format", "json").out)["findings"]
    return [each["message"].partition(":")[0] for each in listed if each["code"] == "type-change-fails"]


@pytest.mark.parametrize(
    "change",
    [
        "born TYPE timestamp(0)",
        "flies TYPE interval(0)",
        "weight TYPE real",
        "seen TYPE double precision",
        "mask TYPE bit(4) USING mask::bit(4)",
        "name TYPE mood USING name::mood",
        "rank TYPE positive",
        "digits TYPE integer USING NULLIF(trim(digits), '')::integer",
        "host TYPE cidr USING (host::cidr)",
        "shares TYPE integer[]",
        "names TYPE varchar(3)[]",
    ],
)
@on("postgresql")
def test_what_is_refused_cut_or_rounded(birds, change):
    column, _, type_ = change.partition(" USING ")[0].partition(" TYPE ")
    assert lost(birds, f'op.execute("ALTER TABLE bird ALTER COLUMN {change}")') == [
        f"1 value of bird.{column} would not survive the change to {type_}"
    ]


@pytest.mark.parametrize("using", ["NULL", "''", "id::text"])
@on("postgresql")
def test_a_conversion_that_leaves_the_column_out_loses_all_of_it(birds, using):
    every = ["2 values of bird.name would not survive the change to VARCHAR(20)"]
    assert lost(birds, f'op.alter_column("bird", "name", type_=sa.String(20), postgresql_using="{using}")') == every


@pytest.mark.parametrize(
    "change",
    [
        "born TYPE timestamptz",
        "weight TYPE numeric",
        "share TYPE double precision",
        "name TYPE integer USING length(name)",
        "spaces TYPE integer USING nullif(trim(spaces), '')::int",
        "digits TYPE integer USING trim(digits)::int + trim(digits)::int",
        'name TYPE text COLLATE "C"',
        "mood TYPE text USING mood::text",
        "tag TYPE text",
        "seen TYPE numeric(20)",
        "rank TYPE number",
    ],
)
@on("postgresql")
def test_what_survives(birds, change):
    assert lost(birds, f"op.execute({'ALTER TABLE bird ALTER ' + change!r})") == []


@pytest.mark.parametrize("values", ["'sad', 'glad'", "'sad', 'ok', 'glad'"])
@on("postgresql")
def test_an_enum_is_built_anew(birds, values):
    """What the new type is, the revision says, under the name that the old one has now."""
    up = f"""
    op.execute("ALTER TYPE mood RENAME TO mood_old")
    op.execute("CREATE TYPE mood AS ENUM ({values})")
    op.alter_column("bird", "mood", type_=sa.Enum({values}, name="mood"), postgresql_using="mood::text::mood")
    op.execute("DROP TYPE mood_old")
    """
    gone = [] if "ok" in values else ["1 value of bird.mood would not survive the change to mood"]
    assert lost(birds, up) == gone


@on("postgresql")
def test_a_value_that_is_added_to_an_enum_is_one(birds):
    up = "with op.get_context().autocommit_block():\n    op.execute(\"ALTER TYPE mood ADD VALUE 'glad'\")\n"
    change = 'op.alter_column("bird", "name", type_=sa.Enum("sad", "ok", "glad", name="mood"), postgresql_using="name::mood")'
    assert lost(birds, up + change) == []


@on("postgresql")
def test_texts_that_are_nothing_of_the_new_type(birds):
    if birds.database.run("select current_setting('server_version_num')::integer >= 160000") == [(True,)]:
        assert lost(birds, "op.execute('ALTER TABLE bird ALTER name TYPE uuid USING name::uuid')") != []


@on("postgresql")
def test_a_run_is_refused_that_rounds(birds):
    birds.revision("op.alter_column('bird', 'born', type_=sa.dialects.postgresql.TIMESTAMP(precision=0))", id="aaaa", after=None)
    birds.refused("upgrade").says("1 value of bird.born would not survive the change to TIMESTAMP(0) WITHOUT TIME ZONE")
    birds.ok("upgrade", "--accept", "type-change-fails:bird.born")
