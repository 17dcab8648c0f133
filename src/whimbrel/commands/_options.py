"""The options of the commands that write a revision file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

REVISION_OPTIONS = (
    click.option("-m", "--message", help="What the revision does, in a few words; becomes part of the file name."),
    click.option("--sql", is_flag=True, help="As in Alembic: only where revision_environment is set."),
    click.option("--head", default="head", show_default=True, help="The revision to come after: a head, or label@head."),
    click.option("--splice", is_flag=True, help="Begin a branch at a revision that is not a head."),
    click.option("--branch-label", metavar="LABEL", help="A name for the branch that begins here."),
    click.option("--version-path", metavar="DIR", help="The folder for the file, where there are several version_locations."),
    click.option("--rev-id", metavar="ID", help="The id, instead of a random one; at most 32 characters."),
    click.option("--depends-on", multiple=True, metavar="REV", help="A revision of another branch that must run before."),
)


ANSWERS = (
    click.option("--rename", multiple=True, metavar="OLD:NEW", help="A table or a column was renamed: user.fullname:full_name."),
    click.option("--no-rename", is_flag=True, help="Nothing was renamed: what is gone is dropped, with its values."),
    click.option(
        "--fill", multiple=True, metavar="T.C=SQL", help="What rows get in a column that must not be null: user.age=20."
    ),
    click.option("--allow-drop", multiple=True, metavar="TABLE", help="This table may be dropped, though no model explains it."),
)


def revision_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add them to a command."""
    for option in reversed(REVISION_OPTIONS):
        function = option(function)
    return function


def answer_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the answers to what a comparison asks."""
    for option in reversed(ANSWERS):
        function = option(function)
    return function
