"""For a comment on a pull request: findings as a table in Markdown."""

from __future__ import annotations

from ..lines import Reportable
from ._findings import findings_of
from .text import TextReport


class MarkdownReport(TextReport):
    """A table for findings; anything else as for a person."""

    def result(self, result: Reportable) -> None:
        """One row a finding."""
        found = findings_of(result)
        if found is None:
            super().result(result)
            return
        if not found:
            print("Nothing to say about these revisions.", file=self.out)
            return
        print("| Severity | What | Where | Why |\n|--|--|--|--|", file=self.out)
        for each in found:
            cells = (f"**{each.severity}**", f"{each.message} ({code(each.key)})", code(str(each.place)), each.why)
            print(f"| {' | '.join(map(escaped, cells))} |", file=self.out)


def code(text: str) -> str:
    """A text in backticks, also where it has some."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def escaped(text: str) -> str:
    """A text as a cell of a table, in one line."""
    return " ".join(text.replace("|", "&#124;").splitlines())


report = MarkdownReport
