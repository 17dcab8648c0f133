"""Random models become other random models, and back: nothing is left to do on the way there, nothing is lost on the way back."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TypeVar

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from sqlalchemy.pool import StaticPool

from kit.roundtrip import Site

F = TypeVar("F", bound=Callable[..., None])
PARTS = 4  # that can run at the same time
EXAMPLES = int(os.environ.get("WHIMBREL_TEST_EXAMPLES", "200"))
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]  # without shrinking, which takes minutes on a server
TYPES = [
    *("sa.Integer()", "sa.BigInteger()", "sa.SmallInteger()", "sa.String(20)", "sa.String(40)", "sa.Text()"),
    *("sa.Boolean()", "sa.Date()", "sa.DateTime()", "sa.Numeric(8, 2)", "sa.Numeric(10, 3)", "sa.LargeBinary()"),
    *("sa.Enum('a', 'b', name='e{n}')", "sa.Enum('b', 'c', 'd', name='e{n}')"),
]
DEFAULTS = {
    "Integer": ["'5'", "sa.text('7')"],
    "SmallInteger": ["'1'"],
    "String": ["'x'", '"it\'s"', "''"],
    "Boolean": ["sa.true()", "sa.false()"],
    "DateTime": ["sa.func.now()"],
    "Numeric": ["'1.50'"],
    "Enum": ["'b'"],
}


@st.composite
def columns(draw, table, number):
    """One column, as it stands in a model."""
    type_ = draw(st.sampled_from(TYPES)).format(n=f"{table}_{number}")
    kind = type_.split("(")[0].removeprefix("sa.")
    parts = [f"'c{number}'", type_]
    if draw(st.integers(0, 3)) == 0:
        parts.append("nullable=False")
    if kind in DEFAULTS and draw(st.integers(0, 3)) == 0:
        parts.append(f"server_default={draw(st.sampled_from(DEFAULTS[kind]))}")
    if kind not in ("Text", "LargeBinary"):
        parts += draw(st.sampled_from([[], [], [], ["index=True"], ["unique=True"], ["unique=True", "index=True"]]))
    if kind in ("Integer", "BigInteger") and draw(st.integers(0, 4)) == 0:
        name = draw(st.sampled_from(["", f", name='ck_{table}_{number}'"]))
        parts.insert(2, f"sa.CheckConstraint('c{number} > {draw(st.integers(0, 2))}'{name})")
    return f"sa.Column({', '.join(parts)})"


@st.composite
def tables(draw, name, others):
    """One table, with what concerns more than one column."""
    parts = ["sa.Column('id', sa.Integer, primary_key=True)"]
    numbers = sorted(draw(st.sets(st.integers(0, 4), min_size=1, max_size=4)))
    parts += [draw(columns(name, number)) for number in numbers]
    plain = [f"c{n}" for n, part in zip(numbers, parts[1:], strict=True) if "Text" not in part and "Binary" not in part]
    if len(plain) > 1:
        pair = ", ".join(map(repr, plain[:2]))
        named = draw(st.sampled_from(["", f", name='uq_{name}'"]))
        parts += draw(st.sampled_from([[], [], [f"sa.UniqueConstraint({pair}{named})"], [f"sa.Index('ix_{name}_pair', {pair})"]]))
    for other in others:
        how = draw(st.sampled_from([None, None, "", ", ondelete='CASCADE'", f", name='fk_{name}_{other}'"]))
        if how is not None:
            index = draw(st.sampled_from(["", ", index=True"]))
            parts.append(f"sa.Column('{other}_id', sa.Integer, sa.ForeignKey('{other}.id'{how}){index})")
    return f"sa.Table('{name}', models, {', '.join(parts)})"


@st.composite
def schemas(draw):
    """Some tables by name."""
    names = sorted(draw(st.sets(st.sampled_from(["t1", "t2", "t3"]), min_size=1)))
    return {name: draw(tables(name, names)) for name in names}


@st.composite
def pairs(draw):
    """Two schemas; the second one is often the first with other columns in one table."""
    first = draw(schemas())
    second = draw(schemas())
    if draw(st.integers(0, 2)):
        kept = {name: text for name, text in first.items() if name in second}
        changed = draw(st.sampled_from(sorted(first)))
        second = {**kept, changed: second.get(changed, first[changed])}
        while lost := [name for name, text in second.items() if set(re.findall(r"'(t\d)\.id'", text)) - set(second)]:
            del second[lost[0]]
    return first, second


def models_of(schema: dict[str, str]) -> sa.MetaData:
    models = sa.MetaData()
    for text in schema.values():
        exec(text, {"sa": sa, "models": models})
    return models


def there_and_back(site: Site, first: dict[str, str], second: dict[str, str]) -> None:
    site.clear()
    a, b = models_of(first), models_of(second)
    up, down, _ = site.difference(a)
    site.run(up, a)
    assert_nothing_left(site, a, up)
    before = site.facts()
    up, down, not_compared = site.difference(b)
    assert not not_compared
    if up:
        site.run(up, b)
    assert_nothing_left(site, b, up)
    if down:
        site.run(down, a)
    assert site.facts() == before, down


def assert_nothing_left(site: Site, models: sa.MetaData, text: str) -> None:
    left, _, not_compared = site.difference(models)
    assert not left, f"after\n{text}\nthere is left\n{left}"
    assert not not_compared


RULES = settings(
    deadline=None,
    phases=PHASES,
    derandomize="WHIMBREL_TEST_RANDOM" not in os.environ,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


def drawn(part: int) -> Callable[[F], F]:
    """The same examples each time, unless others are wanted, and others in each part."""
    return seed(part) if RULES.derandomize else lambda test: test


@pytest.mark.parametrize("part", range(PARTS))
def test_on_sqlite(part):
    @drawn(part)
    @settings(RULES, max_examples=EXAMPLES // PARTS)
    @given(pairs())
    def check(pair):
        engine = sa.create_engine("sqlite://", poolclass=StaticPool)
        with engine.connect() as connection:
            there_and_back(Site(connection), *pair)

    check()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_on_a_server(kind, new_database):
    database = new_database(kind)

    @settings(RULES, max_examples=max(EXAMPLES * 3 // 20, 10))
    @given(pairs())
    def check(pair):
        with database.engine.connect() as connection:
            there_and_back(Site(connection), *pair)

    check()
