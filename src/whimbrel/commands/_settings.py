"""The options that stand for a setting: typed, they go before all other places where it may be set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

SECONDS = click.FloatRange(min=0)

wait_option = click.option(
    "--wait", type=SECONDS, metavar="SECONDS", help="How long to wait while another process runs revisions (default: 300)."
)
lock_timeout_option = click.option(
    "--lock-timeout",
    type=SECONDS,
    metavar="SECONDS",
    help="How long a statement may wait for a lock, and others behind it (default: 4; 0: no limit).",
)
retry_for_option = click.option(
    "--retry-for", type=SECONDS, metavar="SECONDS", help="How long to try again where a lock was not to be had (default: 60)."
)


def looking_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that looks at tables which others may have locked."""
    return lock_timeout_option(retry_for_option(function))


def run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that runs revisions."""
    return wait_option(looking_options(function))
