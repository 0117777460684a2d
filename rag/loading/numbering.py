"""The automatic numbers of a Word document (ECMA-376, part 1, section 17.9).

No paragraph holds its own: it, or its style, names a list and a level of it, and counting gives the number.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

BULLET = "-"
_W = {"w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main"}
_ONES = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_TENS = ("", "x", "xx", "xxx", "xl", "l", "lx", "lxx", "lxxx", "xc")
_HUNDREDS = ("", "c", "cc", "ccc", "cd", "d", "dc", "dcc")
_LAST_LETTERED = 780  # Word's own limit for letters; a file that starts at a billion must not make a billion of them


@dataclass(frozen=True, slots=True)
class _Level:
    start: int
    format: str
    text: str  # such as "%1.%2": a percent sign with a level, counted from one, stands for that level's number
    style: str
    decimal: bool  # whether all numbers in its text are decimal, whatever their own levels say
    restarts_after: int  # it begins again after each level before this one


@dataclass(frozen=True, slots=True)
class _List:
    levels: Mapping[int, _Level]
    counts: dict[int, int]  # lists of one definition share them: they go on where the other stopped
    restarts: set[int]  # levels that begin again when this list is first used

    def next(self, depth: int) -> str:
        """The label of the next paragraph on a level."""
        while self.restarts:
            self.counts.pop(self.restarts.pop(), None)
        self.counts[depth] = self.counts.get(depth, self.levels[depth].start - 1) + 1
        for deeper, level in self.levels.items():
            if depth < min(deeper, level.restarts_after):
                self.counts.pop(deeper, None)
        return self._label(self.levels[depth])

    def _label(self, level: _Level) -> str:
        def number(match: re.Match[str]) -> str:
            depth = int(match.group(1)) - 1
            if (shown := self.levels.get(depth)) is None:
                return ""
            return _written(self.counts.get(depth, shown.start), "decimal" if level.decimal else shown.format)

        return BULLET if level.format == "bullet" else re.sub("%([1-9])", number, level.text).strip()


class Numbering:
    """Counts the numbered paragraphs of a document."""

    def __init__(self, document: Any) -> None:
        self._styles = {attribute(style, "styleId"): style for style in document.styles.element.iterfind("w:style", _W)}
        self._lists = _lists(document, self._styles)

    def next(self, paragraph: Any) -> str:
        """The number of the document's next paragraph, BULLET, or "" where it has none."""
        chain = self._chain(paragraph)
        numbers = self._lists.get(_first(chain, "w:pPr/w:numPr/w:numId"))
        if numbers is None:
            return ""
        style = value(paragraph, "w:pPr/w:pStyle")
        of_style = next((depth for depth, level in numbers.levels.items() if style and level.style == style), 0)
        depth = _integer(_first(chain, "w:pPr/w:numPr/w:ilvl"), of_style)
        return numbers.next(depth) if depth in numbers.levels else ""

    def _chain(self, paragraph: Any) -> list[Any]:
        """The paragraph, its style, the style that this one is based on, and so on: the first that says it decides."""
        chain, style = [paragraph], self._styles.get(value(paragraph, "w:pPr/w:pStyle"))
        while style is not None and style not in chain:
            chain.append(style)
            style = self._styles.get(value(style, "w:basedOn"))
        return chain


def value(element: Any, path: str) -> str:
    """The w:val of the first that `path` finds in an element, "" without one."""
    found = element.find(path, _W) if element is not None else None
    return attribute(found, "val") if found is not None else ""


def attribute(element: Any, name: str) -> str:
    """An attribute of Word's own, "" without one."""
    return element.get(f"{{{_W['w']}}}{name}") or ""


def _lists(document: Any, styles: Mapping[str, Any]) -> dict[str, _List]:
    from docx.opc.constants import RELATIONSHIP_TYPE

    try:
        root = document.part.part_related_by(RELATIONSHIP_TYPE.NUMBERING).element
    except (KeyError, AttributeError):  # it has none, or none that python-docx takes for one
        return {}
    definitions = {attribute(found, "abstractNumId"): found for found in root.iterfind("w:abstractNum", _W)}
    instances = {attribute(found, "numId"): found for found in root.iterfind("w:num", _W)}
    counts: dict[Any, dict[int, int]] = {}
    lists = {}
    for name, instance in instances.items():
        definition = definitions.get(value(instance, "w:abstractNumId"))
        if style := value(definition, "w:numStyleLink"):
            linked = instances.get(value(styles.get(style), "w:pPr/w:numPr/w:numId"))
            definition = definitions.get(value(linked, "w:abstractNumId"))
        if definition is not None:
            starts = _starts(instance)
            lists[name] = _List(_levels(definition, instance, starts), counts.setdefault(definition, {}), set(starts))
    return lists


def _starts(instance: Any) -> dict[int, int]:
    """Where the levels begin for which a list says so itself."""
    overrides = instance.iterfind("w:lvlOverride[w:startOverride]", _W)
    return {_integer(attribute(found, "ilvl"), 0): _integer(value(found, "w:startOverride"), 1) for found in overrides}


def _levels(definition: Any, instance: Any, starts: Mapping[int, int]) -> dict[int, _Level]:
    levels = {}
    for found in (*definition.iterfind("w:lvl", _W), *instance.iterfind("w:lvlOverride/w:lvl", _W)):
        depth = _integer(attribute(found, "ilvl"), 0)
        levels[depth] = _Level(
            start=starts.get(depth, _integer(value(found, "w:start"), 0)),
            format=value(found, "w:numFmt"),
            text=value(found, "w:lvlText"),
            style=value(found, "w:pStyle"),
            decimal=found.find("w:isLgl", _W) is not None,
            restarts_after=_integer(value(found, "w:lvlRestart"), depth),
        )
    return levels


def _written(number: int, form: str) -> str:
    if form == "none":
        return ""
    if form == "decimalZero":
        return f"{number:02}"
    text = str(number)
    if 0 < number <= _LAST_LETTERED:
        if form.endswith("Letter"):  # a to z, aa to zz, aaa
            text = chr(ord("a") + (number - 1) % 26) * ((number + 25) // 26)
        elif form.endswith("Roman"):
            text = _HUNDREDS[number // 100] + _TENS[number // 10 % 10] + _ONES[number % 10]
    return text.upper() if form.startswith("upper") else text


def _first(elements: Iterable[Any], path: str) -> str:
    return next(filter(None, (value(element, path) for element in elements)), "")


def _integer(text: str, otherwise: int) -> int:
    return int(text) if text.isdecimal() else otherwise
