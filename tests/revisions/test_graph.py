"""A history that contradicts itself is refused with the names of the files; a good one is built in linear time."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

import pytest

from whimbrel.errors import AmbiguousRevision, HistoryError, NotAPath, RevisionNotFound
from whimbrel.revisions import names, paths
from whimbrel.revisions.graph import Graph
from whimbrel.revisions.revision import Revision


def revision(id: str, *parents: str, labels: tuple[str, ...] = (), depends_on: tuple[str, ...] = (), doc: str = "") -> Revision:
    return Revision(id, parents, Path(f"{id}_file.py"), doc, labels, depends_on)


def line(*ids: str) -> Graph:
    return Graph([revision(id, *([before] if before else [])) for before, id in zip(["", *ids], ids, strict=False)])


def test_a_missing_parent_names_the_file_and_a_likely_one():
    with pytest.raises(HistoryError, match=r"b_file\.py says down_revision = 'abcdeg', .* is it abcdef \(abcdef_file\.py\)"):
        Graph([revision("abcdef"), revision("b", "abcdeg")])


def test_a_missing_dependency_names_the_file():
    with pytest.raises(HistoryError, match=r"b_file\.py says depends_on = 'zzz'"):
        Graph([revision("a"), revision("b", "a", depends_on=("zzz",))])


def test_a_circle_names_its_files():
    with pytest.raises(HistoryError) as error:
        Graph([revision("base"), revision("a", "c"), revision("b", "a"), revision("c", "b"), revision("d", "c")])
    assert "in a circle" in str(error.value)
    for id in "abc":
        assert f"{id}_file.py" in (error.value.place or "")
    assert "d_file.py" not in (error.value.place or "")


def test_a_circle_of_dependencies_is_one_too():
    with pytest.raises(HistoryError, match="in a circle"):
        Graph([revision("a", depends_on=("b",)), revision("b", depends_on=("a",))])


@pytest.mark.parametrize("kind", ["down_revision", "depends_on"])
def test_a_revision_cannot_come_after_itself(kind):
    made = revision("a", "a") if kind == "down_revision" else revision("a", depends_on=("a",))
    with pytest.raises(HistoryError):
        Graph([made])


def test_a_label_belongs_to_one_revision():
    with pytest.raises(HistoryError, match=r"The branch label 'x' of revision b is also that of revision a"):
        Graph([revision("a", labels=("x",)), revision("b", labels=("x",))])
    with pytest.raises(HistoryError, match="label 'a'"):
        Graph([revision("a"), revision("b", labels=("a",))])


def test_an_unknown_name_comes_with_likely_ones():
    graph = Graph([revision("1975ea83b712", doc="create users"), revision("27c6a30d7c24", "1975ea83b712")])
    with pytest.raises(RevisionNotFound) as error:
        names.find(graph, "1975ea83b721")
    assert error.value.hint == "Did you mean 1975ea83b712 (create users)?"


def test_the_beginning_of_an_id_is_enough():
    graph = line("1975ea83b712", "1975ffffffff", "27c6a30d7c24")
    assert names.find(graph, "27") == "27c6a30d7c24"
    with pytest.raises(AmbiguousRevision, match="1975ea83b712, 1975ffffffff"):
        names.find(graph, "1975")


def test_head_is_ambiguous_with_two_heads_and_they_are_listed():
    graph = Graph([revision("a"), revision("b", "a", doc="left"), revision("c", "a", doc="right")])
    with pytest.raises(AmbiguousRevision) as error:
        names.find(graph, "head")
    assert "b  left" in str(error.value)
    assert "c  right" in str(error.value)
    assert "merge heads" in (error.value.hint or "")


def test_steps_that_go_too_far_say_how_far_one_can_go():
    graph = line("a", "b")
    with pytest.raises(NotAPath, match=r"\+3 from base goes above the head: there are only 2 revisions"):
        paths.upgrade(graph, "+3", ())
    with pytest.raises(NotAPath, match="below the base"):
        paths.downgrade(graph, "-2", ("a",))


def test_a_name_may_be_relative_to_another_one():
    graph = line("aaaa", "bbbb", "cccc", "dddd")
    assert names.find(graph, "head-3") == "aaaa"
    assert names.find(graph, "aaaa+2") == "cccc"
    assert names.find(graph, "aaaa-1") is None
    assert paths.upgrade(graph, "head-1", ("aaaa",)) == ["bbbb", "cccc"]
    assert paths.downgrade(graph, "aaaa+1", ("dddd",)) == ["dddd", "cccc"]


def test_steps_in_a_range_count_from_its_other_end():
    graph = line("aaaa", "bbbb", "cccc", "dddd", "eeee")
    assert paths.between(graph, "-1", "heads") == ["eeee", "dddd"]
    assert paths.between(graph, "-1", "cccc") == ["cccc", "bbbb"]
    assert paths.between(graph, "-9", "bbbb") == ["bbbb", "aaaa"]
    assert paths.between(graph, "bbbb", "+1") == ["cccc", "bbbb"]
    assert paths.between(graph, "bbbb", "+9") == ["eeee", "dddd", "cccc", "bbbb"]
    assert paths.between(graph, "current", None, ("dddd",)) == ["eeee", "dddd"]
    assert paths.between(graph, "-2", "current", ("dddd",)) == ["dddd", "cccc", "bbbb"]


def test_going_down_to_what_was_never_applied_is_refused():
    graph = Graph([revision("a"), revision("b", "a"), revision("c", "a")])
    with pytest.raises(NotAPath, match="has not been applied"):
        paths.downgrade(graph, "c", ("b",))


def test_going_down_one_step_from_two_heads_is_not_guessed():
    graph = Graph([revision("a"), revision("b", "a"), revision("c", "a")])
    with pytest.raises(AmbiguousRevision) as error:
        paths.downgrade(graph, "-1", ("b", "c"))
    assert "downgrade b@-1" in (error.value.hint or "")
    assert paths.downgrade(graph, "b@-1", ("b", "c")) == ["b"]


def test_a_database_at_an_unknown_revision_is_told_apart():
    with pytest.raises(RevisionNotFound, match="The database is at revision gone, and there is no file for it"):
        paths.upgrade(line("a", "b"), "head", ("gone",))


def test_a_version_table_that_contradicts_itself_is_refused():
    with pytest.raises(AmbiguousRevision, match="has both b and a, which comes before it"):
        paths.upgrade(line("a", "b", "c"), "head", ("a", "b"))


@pytest.mark.parametrize("shape", ["line", "ladder"])
def test_work_grows_with_the_number_of_revisions_and_not_with_its_square(shape):
    """Four times as many revisions may need five times as many calls, not sixteen times. No clock: a machine may be slow."""

    def history(count: int) -> list[Revision]:
        if shape == "line":
            return [revision(f"r{n}", *([f"r{n - 1}"] if n else [])) for n in range(count)]
        made = [revision("m0")]
        for n in range(1, count // 3):
            made += [revision(f"a{n}", f"m{n - 1}"), revision(f"b{n}", f"m{n - 1}"), revision(f"m{n}", f"a{n}", f"b{n}")]
        return made

    def calls(count: int) -> int:
        revisions, profile = history(count), cProfile.Profile()
        with profile:
            graph = Graph(revisions)
            up = paths.upgrade(graph, "head", ())
            paths.downgrade(graph, "base", (up[-1],))
            paths.between(graph, None, None)
        return int(pstats.Stats(profile).total_calls)

    assert calls(8000) < 5 * calls(2000)
