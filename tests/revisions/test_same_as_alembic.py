"""Random histories: our graph answers as Alembic's ``RevisionMap`` does, or refuses where Alembic does."""

from __future__ import annotations

import traceback
import warnings
from pathlib import Path
from types import SimpleNamespace

import sqlalchemy as sa
from alembic.runtime.migration import HeadMaintainer, RevisionStep
from alembic.script import ScriptDirectory
from alembic.script.revision import Revision as AlembicRevision
from alembic.script.revision import RevisionError, RevisionMap
from alembic.util import CommandError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whimbrel.errors import AmbiguousRevision, RevisionNotFound, WhimbrelError
from whimbrel.revisions import names, paths, rows
from whimbrel.revisions.graph import Graph
from whimbrel.revisions.revision import Revision

LABELS = ("red", "green")


@st.composite
def histories(draw):
    """A list of (id, parents, depends_on, labels), parents first."""
    made = []
    for n in range(draw(st.integers(1, 9))):
        id = f"{draw(st.sampled_from('ab'))}{n}{'xyz'[n % 3]}{n}"
        known = [entry[0] for entry in made]
        # Mostly one line, so that deep histories are common.
        count = draw(st.sampled_from([0, 1, 1, 1, 1, 2])) if known else 0
        recent = known[-3:]
        parents = (
            draw(st.lists(st.sampled_from(recent), unique=True, min_size=min(count, len(recent)), max_size=count))
            if recent
            else []
        )
        depends = draw(st.lists(st.sampled_from(known), unique=True, max_size=1)) if known and draw(st.booleans()) else []
        made.append((id, tuple(parents), tuple(d for d in depends if d not in parents), ()))
    for label in draw(st.lists(st.sampled_from(LABELS), unique=True, max_size=2)):
        at = draw(st.integers(0, len(made) - 1))
        id, parents, depends, labels = made[at]
        made[at] = (id, parents, depends, (*labels, label))
    return made


def both(history):
    ours = Graph(
        [Revision(id, parents, Path(f"{id}.py"), labels=labels, depends_on=depends) for id, parents, depends, labels in history]
    )
    theirs = RevisionMap(
        lambda: [
            AlembicRevision(id, parents or None, depends or None, labels or None) for id, parents, depends, labels in history
        ]
    )
    assert set(ours.revisions) <= set(theirs._revision_map)
    return ours, theirs


def answer(function):
    """What it returns, or the exception that says no."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return function()
        except (WhimbrelError, RevisionError, CommandError) as error:
            return error
        except (AssertionError, KeyError, AttributeError, TypeError, IndexError) as error:
            if "alembic" not in traceback.extract_tb(error.__traceback__)[-1].filename:
                raise
            return error  # Alembic lets these out


def assert_same(ours, theirs, *about):
    """We answer what Alembic answers, and refuse where it refuses in words (other than of overlapping branches)."""
    if isinstance(ours, RevisionNotFound) and "no branch" in str(ours):
        return  # Alembic does not notice an unknown branch where it has nothing to look up
    if isinstance(theirs, Exception):
        has_a_meaning = isinstance(theirs, (AssertionError, KeyError)) or "overlap" in str(theirs)
        assert isinstance(ours, WhimbrelError) or has_a_meaning, (ours, theirs, *about)
    else:
        assert ours == theirs, (ours, theirs, *about)


def symbols(history):
    ids = [entry[0] for entry in history]
    plain = st.sampled_from(["head", "heads", "base", *ids, *(id[:2] for id in ids), *LABELS, "nope"])
    labelled = st.tuples(st.sampled_from([*LABELS, *ids[:1]]), st.sampled_from(["head", "heads", "base", *ids])).map("@".join)
    return st.one_of(plain, labelled)


def targets(history):
    ids = [entry[0] for entry in history]
    steps = st.integers(-4, 4).filter(bool).map("{:+d}".format)
    relative = st.one_of(
        steps,
        st.tuples(st.sampled_from([f"{x}@" for x in LABELS]), steps).map("".join),
        st.tuples(st.sampled_from(ids), steps).map("".join),
    )
    return st.one_of(symbols(history), relative)


def states(ours, data):
    """A content of the version table that upgrades can lead to."""
    done = ours.ancestors(data.draw(st.lists(st.sampled_from(list(ours.revisions)), max_size=3)))
    table = set()
    for id in ours.newest_first(done, done)[::-1]:
        table = rows.after_upgrade(ours, id, table).apply_to(table)
    return tuple(sorted(table))


FUZZ = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@FUZZ
@given(histories())
def test_ends(history):
    ours, theirs = both(history)
    assert set(ours.heads) == set(theirs.heads)
    assert set(ours.effective_heads) == set(theirs._real_heads)
    assert set(ours.bases) == set(theirs.bases)
    for id in ours.revisions:
        revision = theirs._revision_map[id]
        assert set(ours.needs(id)) == set(revision._normalized_down_revisions)
        assert set(ours.children(id)) == set(revision.nextrev)
        assert set(ours.followers(id)) == set(revision._all_nextrev)


@FUZZ
@given(histories(), st.data())
def test_names(history, data):
    ours, theirs = both(history)
    name = data.draw(symbols(history))
    expected = answer(lambda: {revision.revision for revision in theirs.get_revisions(name) if revision})
    assert_same(answer(lambda: set(names.find_all(ours, name))), expected, name)


@FUZZ
@given(histories(), st.data())
def test_upgrade_path(history, data):
    ours, theirs = both(history)
    target, current = data.draw(targets(history)), states(ours, data)
    expected = answer(lambda: [r.revision for r in theirs.iterate_revisions(target, current, implicit_base=True)][::-1])
    assert_same(answer(lambda: paths.upgrade(ours, target, current)), expected, target, current)


@FUZZ
@given(histories(), st.data())
def test_downgrade_path(history, data):
    ours, theirs = both(history)
    target, current = data.draw(targets(history)), states(ours, data)
    expected = answer(lambda: [r.revision for r in theirs.iterate_revisions(current, target, select_for_downgrade=True)])
    found = answer(lambda: paths.downgrade(ours, target, current))
    if isinstance(found, AmbiguousRevision) and target[0] == "-" and len(current) > 1:
        return  # Alembic picks one of the heads, and warns
    assert_same(found, expected, target, current)


@FUZZ
@given(histories(), st.data())
def test_range(history, data):
    ours, theirs = both(history)
    lower, upper = data.draw(symbols(history)), data.draw(symbols(history))
    expected = answer(
        lambda: [r.revision for r in theirs.iterate_revisions(upper, lower, inclusive=True, assert_relative_length=False)]
    )
    assert_same(answer(lambda: paths.between(ours, lower, upper)), expected, lower, upper)


@FUZZ
@given(histories(), st.data())
def test_current_of_each_branch(history, data):
    ours, theirs = both(history)
    current = states(ours, data)
    assert set(paths.current_of_each_branch(ours, current)) == {r.revision for r in theirs._get_all_current(current)}


@FUZZ
@given(histories(), st.data())
def test_rows_of_the_version_table(history, data):
    """Up to some state and down again: the table has the applied revisions that nothing applied comes after."""
    ours, theirs = both(history)
    ids = data.draw(st.lists(st.sampled_from(list(ours.revisions)), min_size=1, max_size=3))
    up = ours.newest_first(ours.ancestors(ids), ids)[::-1]
    table, applied, maintainer = set(), set(), HeadMaintainer(Table(), ())
    for id, is_upgrade in [*((id, True) for id in up), *((id, False) for id in reversed(up))]:
        change = (rows.after_upgrade if is_upgrade else rows.after_downgrade)(ours, id, table)
        table = change.apply_to(table)
        applied ^= {id}
        assert table == {id for id in applied if not applied & set(ours.followers(id))}, (id, is_upgrade)
        if maintainer is not None:
            try:
                maintainer.update_to_step(RevisionStep(theirs, script(theirs, id), is_upgrade))
            except KeyError:
                maintainer = None  # a merge whose one parent comes before another: Alembic cannot do that
            else:
                if has_redundant_need(ours, id):
                    maintainer = None  # or leaves a row too much
                else:
                    assert table == maintainer.heads, (id, is_upgrade)


def has_redundant_need(ours, id):
    """Whether one of the revisions that it comes after comes before another one of them."""
    needs = ours.needs(id)
    return bool(set(needs) & ours.ancestors(below for need in needs for below in ours.needs(need)))


@FUZZ
@given(histories(), st.data())
def test_stamp(history, data):
    ours, theirs = both(history)
    current = states(ours, data)
    target = data.draw(st.lists(symbols(history), min_size=1, max_size=2))
    expected = answer(lambda: stamped_by_alembic(theirs, target, current))
    assert_same(answer(lambda: stamped_by_us(ours, target, current)), expected, target, current)


def stamped_by_us(ours, target, current):
    table = set(current)
    for move in paths.stamp(ours, target, current):
        change = rows.after_move(move, table)
        assert {*change.delete, *(change.update or ())[:1]} <= table
        table = change.apply_to(table)
    return table


def stamped_by_alembic(theirs, target, current):
    directory = ScriptDirectory(str(Path(__file__).parent))
    directory.revision_map = theirs
    maintainer = HeadMaintainer(Table(), current)
    for step in directory._stamp_revs(tuple(target), current):
        maintainer.update_to_step(step)
    return maintainer.heads


class Table:
    """Takes the statements of Alembic's HeadMaintainer, which keeps the rows itself."""

    as_sql = True

    def __init__(self):
        self.impl = self
        self._version = sa.table("alembic_version", sa.column("version_num"))

    def _exec(self, statement):
        return None


def script(theirs, id):
    """A revision with the module that Alembic's step asks for."""
    revision = theirs._revision_map[id]
    revision.module = SimpleNamespace(upgrade=None, downgrade=None)
    return revision
