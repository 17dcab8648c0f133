"""What the text of a revision may drop, wherever the names in it come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from whimbrel.revisions.dropped import drops
from whimbrel.revisions.read import read_revision

HEAD = 'revision = "a"\ndown_revision = None\n'
CASES = [
    ("def upgrade():\n    op.drop_table('a')", {"a"}),
    ("def upgrade():\n    for name in ('a', 'b'):\n        if there(name):\n            op.drop_table(name)", {"a", "b"}),
    ("NAMES = ['a', 'b']\ndef upgrade():\n    for name in reversed(NAMES):\n        op.drop_table(name)", {"a", "b"}),
    ("TABLE = 'a'\ndef upgrade():\n    op.drop_table(TABLE)", {"a"}),
    ("def go(name):\n    op.drop_table(name)\ndef upgrade():\n    go('a')\n    go(name='b')", {"a", "b"}),
    ("def go(t, c='x'):\n    op.drop_column(t, c)\ndef upgrade():\n    go('a', 'y')", {"a.y"}),
    ("def upgrade():\n    for t, c in (('a', 'x'), ('b', 'y')):\n        op.drop_column(t, c)", {"a.x", "a.y", "b.x", "b.y"}),
    (
        "def upgrade():\n    with op.batch_alter_table(T) as b:\n        [b.drop_column(c) for c in C]\nT = 'a'\nC = {'x', 'y'}",
        {"a.x", "a.y"},
    ),
    (
        "N = ('a', 'b')\ndef upgrade():\n    left = [n for n in N if there(n)]\n    for n in left:\n        op.drop_table(n)",
        {"a", "b"},
    ),
    ("def upgrade():\n    old = {'a', 'b'} & set(there())\n    for name in old:\n        op.drop_table(name)", {"a", "b"}),
    ("def upgrade():\n    op.drop_table('a' if new else 'b')", {"a", "b"}),
    ("def upgrade():\n    op.drop_table(f'{name}')", set()),
    ("def upgrade():\n    pass\ndef downgrade():\n    op.drop_table('a')", set()),
    ("def _back(name):\n    op.drop_table(name)\ndef upgrade():\n    pass\ndef downgrade():\n    _back('a')", set()),
    (
        "def go():\n    op.drop_table('a')\ndef also():\n    go()\ndef upgrade():\n    run(also)\ndef downgrade():\n    go()",
        {"a"},
    ),
    ("def go():\n    op.drop_table('a')\nSTEPS = [go]\ndef upgrade():\n    for step in STEPS:\n        step()", {"a"}),
]


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_names_are_found(tmp_path: Path, text: str, wanted: set[str]):
    path = tmp_path / "a.py"
    path.write_text(HEAD + text)
    (revision, *_) = read_revision(path)
    found = {".".join(part for part in (touch.table[1], touch.thing) if part) for touch in drops(revision, "upgrade")}
    assert found == wanted
