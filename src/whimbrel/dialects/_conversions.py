"""Which values do not survive a change of type: texts that are no numbers, numbers and texts that do not fit."""

from __future__ import annotations

import re

WHOLE = r"^[[:space:]]*[+-]?[0-9]+[[:space:]]*$"
NUMBER = r"^[[:space:]]*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?[[:space:]]*$"


def pattern_for(new: str) -> str | None:
    """The texts that fit into a type of numbers; None for a type of another kind."""
    name = re.sub(r"\(.*", "", new).strip().lower()
    if re.match(r"(tiny|small|medium|big)?int(eger)?\b", name):
        return WHOLE
    if name.split(" ")[0] in ("numeric", "decimal", "float", "real", "double"):
        return NUMBER
    return None


def is_text(old: str) -> bool:
    """Whether a type holds texts."""
    return re.match(r"(var)?char|character|text|(tiny|medium|long)text|citext", old.lower()) is not None


def length(type_: str) -> int | None:
    """The length in a type; None for none."""
    found = re.search(r"\((\d+)\)", type_)
    return int(found[1]) if found else None


RANGES = {
    "tinyint": 1 << 7,
    "smallint": 1 << 15,
    "mediumint": 1 << 23,
    "int": 1 << 31,
    "integer": 1 << 31,
    "bigint": 1 << 63,
}


def is_number(old: str) -> bool:
    """Whether a type holds numbers."""
    return re.match(r"(tiny|small|medium|big)?int|numeric|decimal|real|double|float", old.lower()) is not None


MEMBER = re.compile(r"'((?:[^'\\]|''|\\.)*)'")


def loses_members(quoted: str, old: str, new: str) -> str | None:
    """Which values of an ENUM or SET have a member that the new one has not, as a condition; None where none is gone."""
    kinds = [re.match(r"\s*(enum|set)\s*\(", each, re.IGNORECASE) for each in (old, new)]
    if kinds[0] is None or kinds[1] is None or kinds[0][1].lower() != kinds[1][1].lower():
        return None
    # MySQL compares members without regard to case in most collations; so do we.
    kept = {each.lower() for each in MEMBER.findall(new)}
    gone = [each for each in MEMBER.findall(old) if each.lower() not in kept]
    if kinds[0][1].lower() == "enum":
        return " OR ".join(f"{quoted} = '{each}'" for each in gone) or None
    return " OR ".join(f"FIND_IN_SET('{each}', {quoted})" for each in gone) or None


def does_not_fit(quoted: str, old: str, new: str, matches_not: str) -> str | None:
    """Which values of a column have no counterpart in the new type, as a condition; None where all have one, or nobody knows.

    quoted: the column. matches_not: the operator for "is not like this regular expression".
    """
    if "[]" in old or "[]" in new:
        return None  # arrays: the server says it
    name, _, rest = new.lower().partition("(")
    name, sizes = name.strip(), [int(each) for each in re.findall(r"\d+", rest)]
    if is_text(old):
        if (pattern := pattern_for(new)) is not None:
            return f"{quoted} {matches_not} '{pattern}'"
        return f"char_length({quoted}) > {sizes[0]}" if is_text(name) and sizes else None
    if re.match(r"timestamp|datetime", old.lower()) and name in ("date", "time"):
        # Of a moment, either its day or its time is left.
        return f"{quoted} <> CAST({quoted} AS DATE)" if name == "date" else "1 = 1"
    if not is_number(old) or "unsigned" in new.lower():
        return None
    if name in RANGES:
        outside = f"{quoted} NOT BETWEEN {-RANGES[name]} AND {RANGES[name] - 1}"
        return outside if "int" in old.lower() else f"{outside} OR {quoted} <> floor({quoted})"
    if name in ("numeric", "decimal") and sizes:
        digits, scale = sizes[0], sizes[1] if len(sizes) > 1 else 0
        exact = f"CAST({quoted} AS DECIMAL(65, 30))" if "REGEXP" in matches_not else f"{quoted}::numeric"
        return f"round({exact}, {scale}) <> {exact} OR abs({exact}) >= {10 ** (digits - scale)}"
    return None


def is_narrower(old: str, new: str) -> bool:
    """Whether a type has no place for some values of another one, as far as their names tell."""
    name = new.lower().partition("(")[0].strip()
    if is_text(old):
        most, before = length(new), length(old)
        return pattern_for(new) is not None or (is_text(new) and most is not None and (before is None or most < before))
    if re.match(r"timestamp|datetime", old.lower()):
        return name in ("date", "time")
    if not is_number(old):
        return False
    if name in RANGES:
        return RANGES.get(old.lower().partition("(")[0].strip(), RANGES["bigint"] + 1) > RANGES[name]
    if name in ("numeric", "decimal") and "(" in new:
        (digits, scale), (all_before, scale_before) = places(new), places(old)
        return scale < scale_before or digits - scale < all_before - scale_before
    return False


def places(type_: str) -> tuple[float, float]:
    """All digits of a type of numbers, and those after the point."""
    name, _, rest = type_.lower().partition("(")
    sizes = [float(each) for each in re.findall(r"\d+", rest)]
    if name.strip() in RANGES:
        return float(len(str(RANGES[name.strip()]))), 0.0
    return (sizes[0], sizes[1] if len(sizes) > 1 else 0.0) if sizes else (float("inf"), 1000.0)
