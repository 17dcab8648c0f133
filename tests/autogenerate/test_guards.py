"""Nothing is dropped that this history did not create, or that a missing import hides."""

from __future__ import annotations

import pytest

from kit import on

NOTE = """
class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
"""
TAG = NOTE.replace("Note", "Tag")
INK = NOTE.replace("Note", "Ink")


@pytest.fixture
def notes(project):
    project.start(NOTE + TAG + INK)
    project.database.run("insert into note (id) values (1)")
    return project


def test_one_of_several_models_is_removed(notes):
    notes.app(NOTE + TAG)
    notes.ok("migrate").says("table ink: dropped")
    notes.ok("upgrade")
    assert notes.database.tables() == ["note", "tag"]


def test_most_of_them_are_not_dropped_at_once(notes):
    notes.app(NOTE)
    notes.refused("migrate").says(
        "2 tables of this history have no model any more: ink, tag", "--allow-drop ink --allow-drop tag"
    )
    notes.refused("check").says("2 tables")
    notes.ok("migrate", "--allow-drop", "ink", "--allow-drop", "tag")
    notes.ok("upgrade")
    assert notes.database.tables() == ["note"]
    notes.ok("downgrade")
    assert notes.database.tables() == ["ink", "note", "tag"]


def test_nothing_is_dropped_where_there_are_no_models(notes):
    notes.app("")
    notes.refused("migrate").says("3 tables of this history have no model any more")


def test_tables_of_others_are_left_alone(notes):
    notes.database.run("create table theirs (id integer primary key)")
    notes.ok("check")
    notes.ok("migrate").says("No changes")


def test_unless_they_are_named(notes):
    notes.database.run("create table theirs (id integer primary key)")
    notes.ok("migrate", "--allow-drop", "theirs").says("table theirs: dropped")
    notes.ok("upgrade")
    assert notes.database.tables() == ["ink", "note", "tag"]


def test_a_table_that_plain_sql_created_belongs_to_the_history(notes):
    notes.revision("op.execute('CREATE TABLE IF NOT EXISTS raw (id INTEGER PRIMARY KEY)')")
    notes.ok("upgrade")
    notes.ok("migrate").says("table raw: dropped")


def test_a_table_of_others_is_no_rename(notes):
    notes.database.run("create table notes_of_others (id integer primary key)")
    notes.app(NOTE + TAG + INK + NOTE.replace("Note", "NotesOfOther"))
    notes.ok("migrate").says("table notes_of_other: new")


@on("sqlite")
def test_a_module_that_nothing_imports_is_named(notes):
    notes.write("pots.py", "from app import db\n\n\nclass Ink(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n")
    notes.app(NOTE + TAG)
    notes.refused("migrate").says("1 table of this history has no model any more: ink; pots (ink) is not imported", "Import pots")
    notes.ok("migrate", "--allow-drop", "ink")


@on("sqlite")
def test_tests_and_migrations_are_no_modules_of_the_application(notes):
    model = "from app import db\n\n\nclass Ink(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
    for path in ("tests/__init__.py", "tests/models.py", "test_models.py", "migrations/old.py", "data/no_package.py"):
        notes.write(path, model)
    notes.app(NOTE + TAG)
    notes.ok("migrate").says("table ink: dropped")


@on("postgresql")
def test_schemas_that_no_model_names_are_not_looked_at(notes):
    notes.database.run("create schema billing")
    notes.database.run("create table billing.invoice (id integer primary key)")
    notes.keywords = ", include_schemas=True"
    notes.app(NOTE + TAG + INK)
    notes.ok("check")
    notes.app(
        NOTE + TAG + INK + INK.replace("Ink", "Paid").replace("    id", "    __table_args__ = {'schema': 'billing'}\n    id")
    )
    notes.ok("migrate").says("table billing.paid: new")
    notes.ok("upgrade")
    notes.ok("check")


def test_a_model_of_a_view_is_no_table(notes):
    notes.database.run("create view numbers as select id from note")
    view = NOTE.replace("Note", "Number").replace("    id", "    __tablename__ = 'numbers'\n    id")
    notes.app(NOTE + TAG + INK + view)
    notes.ok("check")
    info = "    __table_args__ = {'info': {'is_view': True}}\n    id"
    notes.app(NOTE + TAG + INK + NOTE.replace("Note", "Elsewhere").replace("    id", info))
    notes.ok("check")
