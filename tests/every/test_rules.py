"""Holds for every rule: its bad example is found on a real server, its good one is not, and it has a page."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from kit import Project
from whimbrel.hazards.finding import SEVERITIES
from whimbrel.hazards.review import rules

KINDS = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mariadb"}
CASES = [pytest.param(code, on, id=f"{code}-{KINDS[on]}") for code, rule in sorted(rules().items()) for on in rule.on]
PEOPLE = """
class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True, autoincrement=False)
    name = db.Column(db.String(50))
    age = db.Column(db.Integer)

class Pet(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    person_id = db.Column(db.Integer)
"""
NAMES = "from sqlalchemy.dialects import postgresql\n"


def codes(project: Project) -> set[str]:
    result = project.flask("review", "--format", "json")
    found = json.loads(result.out)
    assert "findings" in found, result
    return {each["code"] for each in found["findings"]}


@pytest.fixture
def database(new_database, on):
    return new_database(KINDS[on])


@pytest.fixture
def people(project: Project, on) -> Project:
    """A table with rows, and one without; every second is too long to wait."""
    project.keywords = ", review_limit=0"
    project.app(PEOPLE)
    project.ok("init")
    project.ok("migrate")
    project.ok("upgrade")
    project.database.run("insert into person (id, name, age) values (1, 'Ada', 36), (2, 'Ada', 36), (3, 'Bo', null)")
    if on == "postgresql":
        project.database.run("analyze")
    return project


@pytest.mark.parametrize(("code", "on"), CASES)
def test_the_bad_example_is_found_and_the_good_one_is_not(people, code, on):
    rule = rules()[code]
    for body in (rule.good, rule.bad):
        for path in people.versions.glob("example*.py"):
            path.unlink()
        people.revision(NAMES + re.sub(r"^    ", "", body, flags=re.MULTILINE), id="example", after=people.head)
        assert (code in codes(people)) == (body == rule.bad), (body, people.flask("review").text)
        assert "not seen" not in people.flask("plan").text or code == "not-seen"


@pytest.mark.parametrize("code", rules())
def test_a_rule_says_what_it_is(code):
    rule = rules()[code]
    assert rule.severity in SEVERITIES
    assert rule.why.endswith(".")
    assert f"### {code}\n" in (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
