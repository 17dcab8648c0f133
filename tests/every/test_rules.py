"""Holds for every rule: its bad example is found on a real server, its good one is not, and it has a page."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from kit import Project
from whimbrel.commands._paper import without_database
from whimbrel.hazards.finding import SEVERITIES
from whimbrel.hazards.live import Live
from whimbrel.hazards.review import rules
from whimbrel.revisions.graph import Graph
from whimbrel.revisions.read import read_revision

KINDS = {"sqlite": "sqlite", "postgresql": "postgresql", "mysql": "mariadb"}
CASES = [pytest.param(code, on, id=f"{code}-{KINDS[on]}") for code, rule in sorted(rules().items()) for on in rule.on]
PEOPLE = """
class Person(db.Model):
    id = db.Column(db.Integer, primary_key=True, autoincrement=False)
    name = db.Column(db.String(50), nullable=False, server_default="")
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
def people(project: Project, code, on, monkeypatch) -> Project:
    """A table with rows, and one without; every second is too long to wait, where no lock speaks in the rule's place."""
    project.keywords = f", review_limit={1000 if rules()[code].gives_way else 0}"
    project.app(PEOPLE)
    monkeypatch.setitem(sys.modules, "app", project.loaded)
    project.ok("init")
    project.ok("migrate")
    project.ok("upgrade")
    project.database.run("insert into person (id, name, age) values (1, 'Ada', 36), (2, 'Ada', 36), (3, 'Bo', null)")
    return project


@pytest.mark.parametrize(("code", "on"), CASES)
def test_the_bad_example_is_found_and_the_good_one_is_not(people, code, on, monkeypatch):
    rule = rules()[code]
    if rule.version:
        monkeypatch.setattr(Live, "version", rule.version)
    for statement in (*rule.given, *["analyze"] * (on == "postgresql")):
        people.database.run(statement)
    for body in (rule.good, rule.bad):
        for path in people.versions.glob("example*.py"):
            path.unlink()
        up, _, down = body.partition("\n\n    def downgrade():\n")
        up = NAMES + re.sub(r"^    ", "", up, flags=re.MULTILINE)
        people.revision(up, dedent(down) or "pass", id="example", after=people.head)
        assert (code in codes(people)) == (body == rule.bad), (body, people.flask("review").text)
        assert "[not-seen:" not in people.flask("plan").text or code == "not-seen"


@pytest.mark.parametrize("code", sorted(set(rules()) - {"models-in-revision"}))  # its example imports an application
def test_a_rule_says_whether_it_asks_the_database(code, tmp_path):
    up, _, down = rules()[code].bad.partition("\n\n    def downgrade():\n")
    path = tmp_path / "example.py"
    head = f"revision, down_revision = 'example', None\nfrom alembic import op\nimport sqlalchemy as sa\n{NAMES}"
    path.write_text(f"{head}def upgrade():\n    {up}\n\n\ndef downgrade():\n{down or '    pass'}\n", encoding="utf-8")
    graph = Graph([read_revision(path)[0]])
    kinds = [*KINDS.values(), "mysql"]
    found = {each.code for on in kinds for each in without_database(graph, ["example"], on, {}, 0.0, otherwise=10**8)}
    assert (code in found) != rules()[code].asks_database


@pytest.mark.parametrize("code", rules())
def test_a_rule_says_what_it_is(code):
    rule = rules()[code]
    assert rule.severity in SEVERITIES
    assert rule.why.endswith(".")
    assert f"### {code}\n" in (Path(__file__).parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
