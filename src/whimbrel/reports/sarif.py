"""For code scanning: findings as SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format")."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from .._version import __version__
from ..lines import Reportable
from ._findings import LEVELS, findings_of, place_of
from .text import TextReport


class SarifReport(TextReport):
    """One document for findings; anything else as for a person."""

    def result(self, result: Reportable) -> None:
        """Print the document."""
        found = findings_of(result)
        if found is None:
            super().result(result)
            return
        codes = {each.code: as_rule(each) for each in found}
        driver = {"name": "whimbrel", "version": __version__, "rules": list(codes.values())}
        run = {"tool": {"driver": driver}, "results": [as_result(each) for each in found]}
        document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
        print(json.dumps(document, indent=2), file=self.out)


def as_rule(finding: Any) -> dict[str, Any]:
    """What was broken; GitHub wants all three texts."""
    return {"id": finding.code, **{name: {"text": finding.why} for name in ("shortDescription", "fullDescription", "help")}}


def as_result(finding: Any) -> dict[str, Any]:
    """One finding."""
    path, number = place_of(finding)
    location = {"artifactLocation": {"uri": quote(path)}, "region": {"startLine": number}}
    level = {"notice": "note"}.get(LEVELS[finding.severity], LEVELS[finding.severity])
    return {
        "ruleId": finding.code,
        "level": level,
        "message": {"text": f"{finding.message}. {finding.why}"},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"finding/v1": f"{finding.revision}:{finding.key}"},
    }


report = SarifReport
