"""How long a statement takes rests on what the server does in a second: measured once a day, or assumed."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from kit import Project, on

TABLE = {
    "postgresql": ("create table item (id int, t text)", "alter table item alter t set storage external"),
    "mariadb": ("create table item (id int, t longtext)",),
}
UP = "op.create_index('ix', 'item', ['id'])\nop.execute('update item set id = id + 1')"


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "whimbrel" / "rates.json"


@pytest.fixture
def small(project: Project, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A table with a few rows; and however few, it is worth to ask how fast the server is."""
    project.app("")
    project.ok("init")
    for sql in TABLE[project.database.kind]:
        project.database.run(sql)
    project.database.run("insert into item values (1, 'x')")
    project.revision(UP, id="aaaa")
    monkeypatch.setattr("whimbrel.plan.effect.WORTH_MEASURING", 0.0)
    return project


def timed(project: Project) -> list[dict[str, Any]]:
    parts = json.loads(project.ok("plan", "--format", "json").out)[0]["revisions"]
    return [effect for part in parts for step in part["steps"] for effect in step["effects"]]


def rates(project: Project) -> list[float]:
    assert [each["basis"] for each in timed(project)] == ["measured", "measured"]
    return [each["rate"] for each in timed(project)]


WORK = ("scan", "build", "rewrite", "rows")


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often a server was measured; each time it is slower."""
    found: list[str] = []

    def measure(*_: object) -> dict[str, float]:
        found.append("measured")
        return dict.fromkeys(WORK, 1e6 / len(found))

    monkeypatch.setattr("whimbrel.dialects._rates.Probe.measure", measure)
    return found


@on("postgresql", "mariadb")
def test_a_plan_says_what_its_times_rest_on(small, monkeypatch):
    """A table of many rows asks how fast the server is, one of few takes it for a usual one."""
    monkeypatch.setattr("whimbrel.plan.effect.WORTH_MEASURING", 0.5)
    small.database.run("insert into item values (1, :text)", text="x" * 100_000)
    for _ in range(9):
        small.database.run("insert into item select id, t from item")
    small.database.run("analyze table item" if small.database.kind == "mariadb" else "analyze item")
    small.database.run("create table few (id int)")
    small.database.run("insert into few values (1)")
    small.revision("op.create_index('ix2', 'few', ['id'])", id="bbbb")
    found = timed(small)
    assert [each["basis"] for each in found] == ["measured", "measured", "assumed"]
    assert all(each["rate"] > 0 and each["seconds"] > 0 for each in found)


@on("postgresql", "mariadb")
def test_the_text_tells_the_rate(small, measured, monkeypatch):
    monkeypatch.setattr("whimbrel.hazards.live.Live.bytes_of", lambda *_: 5_000_000)
    small.ok("plan").says(
        "builds an index as the server says (1 row, 5.0 MB), for about 5.0 s (1.0 MB/s, measured)"
        if small.database.kind == "mariadb"
        else "builds an index (1 row, 5.0 MB), for about 5.0 s (1.0 MB/s, measured)"
    )


@on("postgresql", "mariadb")
def test_commands_that_follow_one_another_say_the_same(small, cache, measured):
    before = timed(small)
    found = small.flask("review", "--format", "json").out
    assert timed(small) == before
    assert small.flask("review", "--format", "json").out == found
    assert len(measured) == 1
    assert [each.name for each in cache.parent.iterdir()] == [cache.name]


@on("postgresql")
def test_a_server_is_measured_every_day(small, cache, measured):
    rates(small)
    kept = json.loads(cache.read_text())
    for age in (25 * 3600, -3600):  # a clock may have been wrong
        kept = {server: {**each, "measured": time.time() - age} for server, each in kept.items()}
        cache.write_text(json.dumps({**kept, "another server": {**next(iter(kept.values())), "measured": 1.0}}))
        before = len(measured)
        rates(small)
        assert len(measured) == before + 1
        assert len(json.loads(cache.read_text())) == 1


@on("postgresql")
@pytest.mark.parametrize("text", ["", "{", "[]", '{"x": 1}', '{"x": {"measured": "y", "scan": -1}}', "\x00\xff"])
def test_a_damaged_file_is_written_anew(small, cache, measured, text):
    cache.parent.mkdir(parents=True)
    cache.write_text(text, encoding="latin-1")
    assert rates(small) == rates(small)
    assert len(measured) == 1


@on("postgresql")
def test_rates_that_make_no_sense_do_not_count(small, cache, measured):
    rates(small)
    for value in (0, -1, float("inf"), float("nan"), "fast", None, True, []):
        kept = json.loads(cache.read_text())
        cache.write_text(json.dumps({server: {**each, "build": value} for server, each in kept.items()}))
        before = len(measured)
        rates(small)
        assert len(measured) == before + (value is not True), value


@on("postgresql", "mariadb")
def test_without_a_folder_each_command_measures(small, cache, measured):
    cache.parent.parent.write_text("a file where a folder should be")
    rates(small)
    assert len(measured) == 2


@on("postgresql", "mariadb")
def test_nothing_of_the_server_is_in_the_file(small, cache, measured):
    rates(small)
    url = sa.make_url(small.database.url)
    text = cache.read_text()
    for secret in (url.password, url.username, url.host, str(url.port), url.database):
        assert str(secret) not in text


@on("postgresql")
def test_each_server_has_its_own(small, cache, measured, monkeypatch):
    rates(small)
    monkeypatch.setattr("whimbrel.dialects._rates_kept.key_of", lambda *_: "another")
    rates(small)
    assert len(measured) == 2
    assert len(json.loads(cache.read_text())) == 2


def test_the_tests_leave_the_cache_of_their_developer_alone():
    assert "whimbrel-cache-" in os.environ["XDG_CACHE_HOME"]
