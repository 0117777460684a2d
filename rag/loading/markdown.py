"""Markdown: the source itself is the text, so that an offset is an offset in the file; CommonMark finds the headings.

Front matter is YAML between two lines of `---`, as Jekyll made it common.
"""

import re
from itertools import pairwise
from typing import Any

from ..values import Heading
from .decoding import decode
from .extracted import Extracted

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


def read_markdown(data: bytes) -> Extracted:
    """The source with its headings; title, date and other keys of the front matter. Raises NotText."""
    text = decode(data)
    metadata, body_start = _front_matter(text)
    headings = tuple(_headings(text, body_start))
    first = next((h.title for h in headings if h.level == 1), None)
    title = metadata.get("title") or first
    return Extracted(text, title=title, headings=headings, metadata=metadata, body_start=body_start)


def _front_matter(text: str) -> tuple[dict[str, str], int]:
    import yaml

    match = _FRONT_MATTER.match(text)
    if not match:
        return {}, 0
    try:
        found = yaml.load(match.group(1), Loader=yaml.BaseLoader)  # noqa: S506 - BaseLoader makes strings only
    except yaml.YAMLError:
        return {}, 0
    if not isinstance(found, dict):
        return {}, 0
    return {
        key: text for key, value in found.items() if isinstance(key, str) and (text := _as_string(value))
    }, match.end()


def _as_string(value: Any) -> str:
    """A scalar, or the scalars of a list; what is nested deeper is left out."""
    scalars = value if isinstance(value, list) else [value]
    return ", ".join(scalar for scalar in scalars if isinstance(scalar, str))


def _headings(text: str, body_start: int) -> list[Heading]:
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").parse(text[body_start:])
    line_starts = _line_starts(text, body_start)
    headings = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.level == 0 and opening.map and _plain(inline):
            first, after = opening.map
            start, end = line_starts[first], line_starts[after]
            end -= len(text[start:end]) - len(text[start:end].rstrip())
            headings.append(Heading(int(opening.tag[1]), _plain(inline), start, end))
    return headings


def _plain(inline: Any) -> str:
    parts = (t.content if t.type in ("text", "code_inline") else " " for t in inline.children or ())
    return " ".join("".join(parts).split())


def _line_starts(text: str, begin: int) -> list[int]:
    starts = [begin, *(m.end() for m in re.compile("\n").finditer(text, begin)), len(text)]
    return starts if starts[-1] != starts[-2] else [*starts, len(text)]
