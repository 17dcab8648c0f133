"""Holds for every dialect and every report: a module in the folder is one, and no name is taken twice."""

from __future__ import annotations

import pytest

from whimbrel import _registry, dialects
from whimbrel.dialects import Dialect, dialect_of
from whimbrel.errors import Refused
from whimbrel.events import FileWritten, Noticed, RevisionFinished, RevisionStarted
from whimbrel.lines import line


@pytest.mark.parametrize("name", _registry.names("dialects"))
def test_a_dialect_is_found_by_its_names(name):
    dialect = _registry.load("dialects", name, "dialect")
    assert isinstance(dialect, Dialect)
    assert dialect.names
    for each in dialect.names:
        assert dialect_of(each) is dialect


def test_a_database_that_nobody_knows_gets_the_careful_answers():
    unknown = dialect_of("oracle")
    assert not unknown.ddl_rolls_back
    assert unknown.checks_length


def test_a_dialect_that_is_registered_twice_stops_the_program(monkeypatch):
    class Point:
        def load(self):
            return _registry.load("dialects", "sqlite", "dialect")

    dialects.registered.cache_clear()
    monkeypatch.setattr(_registry, "foreign", lambda folder: {"another": Point()})
    with pytest.raises(TypeError, match="registered twice"):
        dialects.registered()
    monkeypatch.undo()
    dialects.registered.cache_clear()


class Something:
    def as_lines(self, *, verbose):
        yield line("a line", (" and more" if verbose else "", "dim"))

    def as_data(self):
        return {"a": "line"}


@pytest.mark.parametrize("name", _registry.names("reports"))
def test_a_report_shows_results_errors_and_every_event(name, capsys):
    report = _registry.load("reports", name, "report")(quiet=False, verbose=True)
    report.event(RevisionStarted("", "ab12", "add users", "upgrade"))
    report.event(RevisionFinished("", "ab12", "add users", "upgrade", 0.25))
    report.event(FileWritten("env.py"))
    report.event(Noticed("take note"))
    report.result(Something())
    report.error(Refused("No.", hint="Do this.", place="a.py:3"))
    out, err = capsys.readouterr()
    assert "line" in out
    assert "take note" in err
    for word in ("No.", "Do this.", "a.py:3"):
        assert word in out + err


@pytest.mark.parametrize("name", _registry.names("reports"))
def test_a_quiet_report_says_nothing_but_errors(name, capsys):
    report = _registry.load("reports", name, "report")(quiet=True, verbose=False)
    report.event(RevisionFinished("", "ab12", "add users", "upgrade", 0.25))
    report.event(Noticed("take note"))
    out, err = capsys.readouterr()
    assert out + err == ""
    report.error(Refused("No."))
    out, err = capsys.readouterr()
    assert "No." in out + err
