"""Flask-Migrate's functions, called in a program with every parameter that its documentation names."""

from __future__ import annotations

import json

import pytest
from apps import FIRST, FLASK
from twins import on

pytestmark = [pytest.mark.dropin, on("sqlite")]

NAMES = "list_templates init revision migrate edit merge upgrade downgrade show history heads branches current stamp check"
SIGNATURES = f"""
import inspect, json
from flask_migrate import Migrate, {NAMES.replace(" ", ", ")}

functions = [{NAMES.replace(" ", ", ")}, Migrate.__init__, Migrate.init_app, Migrate.configure, Migrate.get_config]
print(json.dumps({{
    one.__name__: [(it.name, repr(it.default), it.kind.name) for it in inspect.signature(one).parameters.values()]
    for one in functions
}}))
"""
# ! in front says that it must fail.
CALLS = """
list_templates()
migrate(message="first", rev_id="a1")
!migrate("migrations", "early", False, head="head", splice=False, branch_label=None, version_path=None, rev_id="b1", x_arg=["x"])
upgrade(sql=True)
upgrade(x_arg="b=2")
upgrade(directory="migrations", revision="head", sql=False, tag="t", x_arg=("c=3", "d"))
!upgrade(revision="+1")
revision(message="empty", rev_id="a2")
revision("migrations", "aside", autogenerate=False, sql=False, head="a1", splice=True, branch_label="side", rev_id="a3")
heads(); heads("migrations", verbose=True, resolve_dependencies=True)
branches(); branches("migrations", verbose=True)
!upgrade()
!upgrade(revision="nowhere")
!upgrade(revision="a1:a2")
merge(revisions=("a2", "a3"), message="joined", rev_id="a4")
!merge("migrations", ["a2", "a3"], message="again", branch_label="x", rev_id="a5")
upgrade(); upgrade()
current(); current("migrations", verbose=True)
history(); history("migrations", "a1:current", verbose=True, indicate_current=True)
show(); show("migrations", revision="a1"); show(revision="current")
check(); check("migrations")
edit(); edit("migrations", revision="a1")
!downgrade()
downgrade(revision="a3")
downgrade("migrations", revision="a1", sql=False, tag="down", x_arg="f")
downgrade(sql=True, revision="a2:a1")
!stamp(revision="nowhere")
stamp(); stamp(revision="a2"); stamp("migrations", "a1", sql=False, tag="x", purge=True)
stamp(revision=["a2", "a3"])
stamp(sql=True, revision="a1")
!revision(autogenerate=True, message="early", rev_id="a9")
upgrade(); downgrade(revision="base"); upgrade("migrations", "a1")
"""
CALL = """
import os
from app import app
from flask_migrate import {names}

os.environ["EDITOR"] = "touch -d 2020-01-01"
with app.app_context():
    {call}
"""


def test_the_parameters_are_the_same(flask_twins):
    pair = flask_twins(FLASK).python(SIGNATURES)
    theirs, ours = (json.loads(done.out) for done in (pair.theirs, pair.ours))
    # One keyword more, for applications without Flask-SQLAlchemy.
    for name in ("__init__", "init_app"):
        ours[name].remove(["metadata", "None", "KEYWORD_ONLY"])
    assert theirs == ours
    assert len(ours) == 19


def test_calls(flask_twins):
    twins = flask_twins(FLASK + FIRST)
    twins.made_by(twins.theirs, "init")
    note = "open('seen.txt', 'a').write(f'{context.get_x_argument()} {context.get_tag_argument()}\\n' * bool(config.cmd_opts.x))"
    twins.edit("migrations/env.py", "config = context.config\n", f"config = context.config\n{note}\n")
    for line in CALLS.strip().splitlines():
        call = line.removeprefix("!")
        twins.python(CALL.format(call=call, names=NAMES.replace(" ", ", ")), fails=line != call)
    assert twins.version == ["a1"]
    assert "['c=3', 'd'] t" in twins.read("seen.txt")
