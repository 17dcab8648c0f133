"""Measure Whimbrel and Flask-Migrate side by side: ``python bench/run.py [--only NAME] [--runs N] [--quick]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

import sqlalchemy as sa  # noqa: E402
from measures import MEASURES, Bench, Row  # noqa: E402

from kit import servers  # noqa: E402
from kit.environments import both_python  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure Whimbrel and Flask-Migrate side by side.")
    parser.add_argument("--only", action="append", choices=[*MEASURES], help="measure this only; may be given several times")
    parser.add_argument("--runs", type=int, default=5, help="runs of each tool, of which the median counts (default: 5)")
    parser.add_argument("--quick", action="store_true", help="shorter histories, for a first look")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="whimbrel-bench-")))

        @cache
        def postgresql() -> sa.URL:
            return stack.enter_context(servers.postgresql())

        bench = Bench(both_python(), folder, asked.runs, quick=asked.quick, postgresql=postgresql)
        print(f"{'seconds, median of ' + str(asked.runs):36} {'Flask-Migrate':>13} {'Whimbrel':>9} {'ratio':>6}  goal")
        for name in asked.only or MEASURES:
            for row in MEASURES[name](bench):
                print(line(row), flush=True)


def line(row: Row) -> str:
    """A row as it is printed."""
    numbers = f"{row.name:36} {row.median('flask_migrate'):13.3f} {row.median('whimbrel'):9.3f} {row.ratio:6.2f}"
    if row.above is not None:
        more = row.median("whimbrel") - row.median("flask_migrate")
        return f"{numbers}  +{row.above:.2f} s {'ok' if more <= row.above else 'missed'}"
    if row.goal is None:
        return numbers
    return f"{numbers}  {row.goal:.2f} {'ok' if row.ratio <= row.goal else 'missed'}"


if __name__ == "__main__":
    main()
