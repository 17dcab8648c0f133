"""What a name of a finding stands for where there are several databases."""

from __future__ import annotations

from dataclasses import replace

from whimbrel.hazards.finding import Finding, told_apart

ONE = Finding("drop-table-loses-data", "danger", "pet", "", "", "r1", place="r1.py:3", accepted="", accepted_as="")
BARE = replace(ONE, accepted_as=ONE.short_key)


def test_one_line_for_many_databases_is_one_decision():
    found = [replace(BARE, database=name) for name in ("red", "blue")]
    assert told_apart(found) == found


def test_two_lines_are_two_decisions():
    found = told_apart([replace(BARE, database="red"), replace(BARE, database="blue", place="r1.py:9")])
    assert [(each.key, each.accepted) for each in found] == [
        ("red:drop-table-loses-data:pet", None),
        ("blue:drop-table-loses-data:pet", None),
    ]


def test_consent_in_a_file_is_about_that_file():
    of_file = replace(BARE, accepted="old", database="red")
    other = replace(ONE, accepted=None, database="blue", revision="r2", place="r2.py:9")
    found = told_apart([of_file, other])
    assert [each.accepted for each in found] == ["old", None]
    assert [each.key for each in found] == ["red:drop-table-loses-data:pet", "blue:drop-table-loses-data:pet"]
