"""Where in a document a character stands: its page, its headings, its section."""

from bisect import bisect_right

from .values import Document, Heading

TOP_LEVELS = 3  # headings this high part a document into sections; lower ones are lines of their section's text


def page_at(document: Document, offset: int) -> int | None:
    """The number of the page that the character at `offset` stands on; None where there are no pages."""
    index = bisect_right(document.pages, offset, key=lambda page: page.start) - 1
    return document.pages[max(index, 0)].number if document.pages else None


def heading_path(document: Document, offset: int) -> tuple[str, ...]:
    """Titles of the headings above `offset`, outermost first; a heading stands above its own words too."""
    path: list[Heading] = []
    for index in range(bisect_right(document.headings, offset, key=lambda heading: heading.start) - 1, -1, -1):
        heading = document.headings[index]
        if not path or heading.level < path[-1].level:
            path.append(heading)
        if heading.level == 1:
            break
    return tuple(heading.title for heading in reversed(path))


def bounds_at(document: Document, offset: int) -> tuple[int, int]:
    """The span around `offset` in which no heading, of any level, begins or ends."""
    cuts = sorted({document.body_start, len(document.text), *(c for h in document.headings for c in (h.start, h.end))})
    index = bisect_right(cuts, offset)
    return (cuts[index - 1] if index else 0), (cuts[index] if index < len(cuts) else len(document.text))


def sections(document: Document) -> list[tuple[int, int]]:
    """Spans of text between headings of the top levels, the headings left out.

    A heading with nothing below it, not even another heading of lower rank, is a section itself, so that no word
    of the document is lost.
    """
    tops = [h for h in document.headings if h.level <= TOP_LEVELS and h.start >= document.body_start]
    spans = [(document.body_start, tops[0].start if tops else len(document.text))]
    for heading, following in zip(tops, [*tops[1:], None], strict=False):
        end = following.start if following else len(document.text)
        bare = not document.text[heading.end : end].strip()
        alone = bare and (following is None or following.level <= heading.level)
        spans.append((heading.start if alone else heading.end, end))
    return [span for span in spans if document.text[slice(*span)].strip()]


def context(document: Document, offset: int) -> str:
    """Title and headings above `offset` in one line, as the embedder and the word index get them with a chunk."""
    path = heading_path(document, offset)
    titles = path if path and path[0] == document.title else (document.title, *path)
    return " > ".join(titles)
