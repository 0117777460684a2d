"""Raised and lowered marks, as plain text that cannot be taken for the number beside them."""

import re

_RAISED = str.maketrans("0123456789+-−–=()ni ", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾ⁿⁱ ")
_LOWERED = str.maketrans("0123456789+-−–=()ni ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎ₙᵢ ")
_FORMULA = re.compile(r"(?!\[)(?=\S*[\d²³⁰-⁹+−=-])\S+")  # no ordinal, ™ or *, no [2]


def aligned(text: str, *, raised: bool) -> str:
    """A raised 5 as ⁵, a lowered a+1 as _a+1; letters alone, as of 21st, stay as they are."""
    core = text.strip()
    table = _RAISED if raised else _LOWERED
    if all(ord(character) in table for character in core):
        return text.translate(table)
    return text.replace(core, ("^" if raised else "_") + core) if _FORMULA.fullmatch(core) else text
