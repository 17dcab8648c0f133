"""What a statement does, from its text."""

from __future__ import annotations

import pytest

from whimbrel.plan import sql
from whimbrel.plan.sql import operations_in, statements_in


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


def test_comments_are_no_part_of_a_statement():
    script = "drop /* a; b */ table x -- bye\n ; select '--', \"/*\", 5--3 /*+ how */; -- tail"
    assert statements_in(script) == ("drop   table x", "select '--', \"/*\", 5--3 /*+ how */")
