"""For GitHub Actions: findings as annotations of the changed lines (manual, "Workflow commands")."""

from __future__ import annotations

from ..lines import Reportable
from ._findings import LEVELS, findings_of, place_of
from .text import TextReport


class GithubReport(TextReport):
    """Annotations for findings; anything else as for a person."""

    def result(self, result: Reportable) -> None:
        """One command a finding."""
        found = findings_of(result)
        if found is None:
            super().result(result)
            return
        for each in found:
            path, number = place_of(each)
            text = f"{each.message}. {each.why}" + (f"\nInstead: {each.safe}" if each.safe else "")
            where = f"file={escaped(path, True)},line={number},title={escaped(each.key, True)}"
            print(f"::{LEVELS[each.severity]} {where}::{escaped(text)}", file=self.out)


def escaped(text: str, is_property: bool = False) -> str:
    """As the runner unescapes it."""
    found = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return found.replace(":", "%3A").replace(",", "%2C") if is_property else found


report = GithubReport
