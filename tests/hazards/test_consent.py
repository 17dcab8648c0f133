"""What a name of a finding stands for where there are several databases, and how consent is written into a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from whimbrel.errors import Refused
from whimbrel.hazards import consent
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


KEY = "drop-table-loses-data:pet"
VALUE = f'{{\n    "{KEY}": "nobody’s",\n}}'
FILE = "revision = 'r1'\ndown_revision = None\n{}\n\ndef upgrade():\n    pass\n"
GIVEN = FILE.format(f"accepts = {VALUE}\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FILE.format(""), GIVEN),
        (FILE.format("").replace("\n", "\r\n"), GIVEN.replace("\n", "\r\n")),
        ("\ufeff" + FILE.format(""), "\ufeff" + GIVEN),
        ("# a\u2028 b \x1c c\n" + FILE.format("") + "\x0c\n", "# a\u2028 b \x1c c\n" + GIVEN + "\x0c\n"),
        (FILE.format('A = "ä"; accepts = {}; B = 3  # few\n'), FILE.format(f'A = "ä"; accepts = {VALUE}; B = 3  # few\n')),
        (FILE.format("accepts: dict = {}\n"), FILE.format(f"accepts: dict = {VALUE}\n")),
        (FILE.format("accepts: dict\n"), FILE.format(f"accepts: dict = {VALUE}\n")),
        (FILE.format("A = 1; print(\n    A\n)\n"), FILE.format(f"A = 1; print(\n    A\n)\naccepts = {VALUE}\n")),
        ("revision = 'r1'", f"revision = 'r1'\naccepts = {VALUE}\n"),
    ],
)
def test_consent_leaves_the_rest_of_a_file_as_it_is(tmp_path, before, after):
    path = tmp_path / "r1.py"
    path.write_bytes(before.encode())
    consent.write(path, {KEY: "nobody’s"})
    assert path.read_bytes().decode() == after
    assert consent.accepts_of(path) == {KEY: "nobody’s"}


COMMENTED = """accepts = {{  # what goes
    # nobody's
    "one:a": ("x"
              "y"),  # since 2.3
    "two:b": 'z'{}  # and this
    # the end
}}  # all
"""


@pytest.mark.parametrize("comma", ["", ","])
def test_what_is_written_around_consent_stays(tmp_path, comma):
    path = tmp_path / "r1.py"
    path.write_text(FILE.format(COMMENTED.format(comma)), encoding="utf-8")
    consent.write(path, {"three:c": "n, o"})
    added = COMMENTED.format(",").replace("# the end\n", '# the end\n    "three:c": "n, o",\n')
    assert path.read_text(encoding="utf-8") == FILE.format(added)
    consent.write(path, {"two:b": "new", "one:a": ""})
    assert path.read_text(encoding="utf-8") == FILE.format(added.replace("'z'", '"new"'))
    assert consent.accepts_of(path) == {"one:a": "xy", "two:b": "new", "three:c": "n, o"}


@pytest.mark.parametrize("before", ["x = 1\n", "x = 1\n\n"])
def test_a_suggestion_goes_as_it_came(tmp_path, before):
    path = tmp_path / "r1.py"
    path.write_text(FILE.format(before), encoding="utf-8")
    consent.suggest(path, [KEY])
    consent.write(path, {KEY: "nobody’s"})
    assert path.read_text(encoding="utf-8") == FILE.format(before.rstrip("\n") + f"\naccepts = {VALUE}\n" + before[6:])


def test_a_file_that_cannot_be_written(tmp_path, monkeypatch):
    path = tmp_path / "r1.py"
    path.write_text(FILE.format(""), encoding="utf-8")

    def denied(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "write_bytes", denied)
    with pytest.raises(Refused, match=r"r1\.py cannot be written: Permission denied"):
        consent.write(path, {KEY: "old"})


def test_consent_in_a_file_of_another_encoding(tmp_path):
    path = tmp_path / "r1.py"
    path.write_bytes(f"# coding: latin-1\n# Größe\n{FILE.format('')}".encode("latin-1"))
    consent.write(path, {KEY: "nobody’s, für immer"})
    assert "# Größe" in path.read_bytes().decode("latin-1")
    assert consent.accepts_of(path) == {KEY: "nobody’s, für immer"}
