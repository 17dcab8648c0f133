"""Every page of the documentation does what it says."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from kit.story import File, steps, tell

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
STORIES = [page for page in PAGES if any(True for _ in steps(page.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("page", STORIES, ids=lambda page: page.name)
def test_a_page_can_be_followed(page, tmp_path):
    assert tell(page, tmp_path) > 2


def test_the_pages_that_can_be_followed_are_the_ones_we_mean():
    assert {page.name for page in STORIES} == {
        "tutorial.md",
        "env.md",
        "in-a-program.md",
        "without-flask.md",
        "when-it-stops.md",
        "plan-and-review.md",
    }


@pytest.mark.parametrize("page", [*PAGES, *ROOT.glob("*.md")], ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_in_a_page_is_python(page):
    for step in steps(page.read_text(encoding="utf-8")):
        if isinstance(step, File):
            ast.parse(step.text)


def test_the_reference_of_the_commands_is_up_to_date():
    found = subprocess.run([sys.executable, ROOT / "scripts" / "docs", "--check"], capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
