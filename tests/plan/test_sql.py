"""What a statement does, from its text."""

from __future__ import annotations

import pytest

from whimbrel.dialects import without_comments
from whimbrel.plan import sql
from whimbrel.plan.sql import operations_in


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "sqlite"])
@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO Person (id, name) VALUES (1, 'x; DROP TABLE person')",
        "insert into person values (1, 2), (3, 4)",
        'INSERT INTO "My Table" ("a b") VALUES (1)',
        "INSERT INTO other.person(id)VALUES(1)",
        "INSERT INTO person (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET id = 2",
        "INSERT INTO person (id) SELECT id FROM pet",
    ],
)
def test_a_plain_insert_is_read_as_the_parser_reads_it(text, dialect, monkeypatch):
    if dialect == "mysql":
        text = text.replace('"', "`")
    quickly = operations_in(text, None, dialect)
    monkeypatch.setattr(sql, "NEW_ROWS", sql.WITH_BODY)  # which none of these matches
    assert quickly == operations_in(text, None, dialect)
    assert [each.verb for each in quickly[0]] == ["insert"]


@pytest.mark.parametrize(
    ("dialect", "text", "left"),
    [
        ("sqlite", "/* it's */ DELETE FROM t -- all\n WHERE a = '-- b' /* c */", "DELETE FROM t  \n WHERE a = '-- b'"),
        ("postgresql", "SELECT a #> '{b}', 'c:\\' -- d", "SELECT a #> '{b}', 'c:\\'"),
        ("postgresql", "DO $$ BEGIN -- kept\n END $$ -- gone", "DO $$ BEGIN -- kept\n END $$"),
        ("postgresql", "SELECT E'it\\'s -- kept' /* gone */", "SELECT E'it\\'s -- kept'"),
        ("mariadb", "# it's\nUPDATE t SET a = 5--1, b = 'c\\'# d' -- e", "UPDATE t SET a = 5--1, b = 'c\\'# d'"),
        ("mysql", "/*!50000 DROP TABLE */ t /*M! x */ /* y */", "/*!50000 DROP TABLE */ t /*M! x */"),
        ("sqlite", "-- nothing", ""),
    ],
)
def test_comments_are_left_out_where_the_database_has_some(dialect, text, left):
    assert without_comments(text, dialect) == left


@pytest.mark.parametrize("dialect", ["postgresql", "mysql", "sqlite"])
def test_a_comment_alone_does_nothing(dialect):
    assert operations_in("/* DROP TABLE t */", None, dialect) == ((), None)
