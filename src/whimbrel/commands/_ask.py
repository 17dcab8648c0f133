"""Put questions to a person at a terminal."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..autogenerate.answers import Asker, Question

STANDARD_ERROR = 2


def on_terminal() -> Asker | None:
    """Who is asked: the person at the terminal; None where there is none."""
    is_there = sys.stdin is not None and sys.stdin.isatty() and os.isatty(STANDARD_ERROR)
    return ask if is_there else None


def ask(question: Question) -> str | bool | None:
    """Ask on standard error: yes or no, or a value; no answer (Ctrl-D) ends the command."""
    reasons = f" ({', '.join(question.reasons)})" if question.reasons else ""
    text = click.style(question.text, bold=True) + reasons
    if not question.wants_value:
        return click.confirm(text, default=None, err=True)
    given: str = click.prompt(text, err=True)
    return given
