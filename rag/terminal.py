"""Answers and reports as text for a terminal; what documents say can neither move the cursor nor turn the writing."""

import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

from .citations import around_quote, path
from .intake import Report
from .labelled import Fault
from .record import Entry
from .risk import Promise
from .values import Answer, Citation, EveryAnswer, Passage

WIDTH = 100
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_QUOTE = ("\x02", "\x03")  # where a quote begins and ends, one character each until lines are wrapped
_MOST_NAMED = 20  # files named in a report before the rest are counted


def printable(text: str) -> str:
    """`text` on one line, control and bidirectional characters as escapes such as \\x1b."""
    return "".join(_escaped(c) for c in " ".join(text.split()))


def answer_lines(answer: Answer, bold: str = "{}") -> list[str]:
    """The answer with its sentences and places, or the refusal with the nearest passages."""
    if answer.refusal:
        return _refusal_lines(answer)
    lines = [f"{bold.format(printable(answer.text))}   (confidence {answer.confidence:.2f})", ""]
    lines += _citations(answer.citations, bold)
    for other in answer.alternatives:
        lines += ["", f"Or: {bold.format(printable(other.text))}   (confidence {other.confidence:.2f})"]
        lines += _citations(other.citations, bold)
    return lines


def every_lines(answer: EveryAnswer, bold: str = "{}") -> list[str]:
    """Each value with every place where it stands, or the refusal with the nearest passages."""
    if answer.refusal:
        return _refusal_lines(answer)
    lines = ["The documents disagree.", ""] if answer.disagree else []
    for value in answer.values:
        lines += [f"{bold.format(printable(value.text))}   (confidence {value.confidence:.2f})"]
        lines += [*_citations(value.citations, bold), ""]
    return lines[:-1]


def promise_lines(promise: Promise) -> list[str]:
    """What is promised of the answers, and what it costs."""
    return [
        f"Answers are given from a confidence of {promise.threshold:.3f} on. With a probability of "
        f"{1 - promise.delta:.0%}, at most {promise.risk:.1%} of them are wrong.",
        f"Coverage: {promise.coverage:.1%}, {promise.answered:,} of {promise.questions:,} questions were answered, "
        f"{promise.wrong:,} of them wrongly.",
    ]


def passage_lines(passages: Iterable[Passage], places: Iterable[Citation]) -> list[str]:
    """Passages with their places."""
    lines = []
    for number, (passage, place) in enumerate(zip(passages, places, strict=True), 1):
        lines += [f"[{number}] score {passage.score:.4f}", *_wrapped(printable(passage.chunk.text)), *_place(place), ""]
    return lines or ["Nothing was found."]


def report_lines(report: Report) -> list[str]:
    """How many files were added, updated and so on, and each failure with its reason."""
    counts = [("added", report.added), ("updated", report.updated), ("unchanged", report.unchanged)]
    counts += [("removed", report.removed), ("failed", report.failed)]  # type: ignore[list-item]
    lines = [", ".join(f"{len(files)} {word}" for word, files in counts if files) or "There was nothing to read."]
    lines += [f"  failed: {printable(failure.source)}: {printable(failure.reason)}" for failure in report.failed]
    if report.skipped:
        named = ", ".join(map(printable, report.skipped[:_MOST_NAMED]))
        more = "" if len(report.skipped) <= _MOST_NAMED else f" and {len(report.skipped) - _MOST_NAMED} more"
        lines.append(f"  passed over, as no kind of file that is read from a folder: {named}{more}")
    return lines


def fault_lines(faults: Sequence[Fault]) -> list[str]:
    """Questions that cannot be used, the first twenty by name."""
    lines = [f"{printable(fault.file)}: {printable(fault.question)}: {fault.reason}" for fault in faults[:_MOST_NAMED]]
    if len(faults) > _MOST_NAMED:
        lines.append(f"and {len(faults) - _MOST_NAMED:,} more")
    return [f"{len(faults):,} questions cannot be used:", *lines] if faults else []


def entry_lines(entries: Iterable[Entry]) -> list[str]:
    """A table of documents, one line each."""
    lines = [f"{'id':<16}  {'passages':>8}  {'pages':>5}  {'read':<10}  title and source"]
    for entry in entries:
        pages = str(entry.pages or "-")
        what = f"{printable(entry.title)} ({printable(entry.source)})"
        lines.append(f"{entry.id:<16}  {entry.passages:>8}  {pages:>5}  {entry.added[:10]}  {what}")
    return lines


def shortened(text: str, most: int) -> str:
    """The text on one line, of at most so many characters: cut between words, where they are short."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = line[: most - 2]
    words = cut.rpartition(" ")[0]
    return f"{words if len(words) > most // 2 else cut} …"


def _refusal_lines(answer: Answer | EveryAnswer) -> list[str]:
    lines = [f"No answer: {answer.refusal}.", ""]
    for number, citation in enumerate(answer.nearest, 1):
        lines += [f"Near, but no answer [{number}]" if number == 1 else f"[{number}]"]
        lines += [*_wrapped(shortened(printable(citation.quote), 300)), *_place(citation)]
    return lines


def _citations(citations: Iterable[Citation], bold: str) -> list[str]:
    lines, styles = [], bold.split("{}")
    for number, citation in enumerate(citations, 1):
        before, after = around_quote(citation)
        quote = printable(citation.quote).join(_QUOTE)
        wrapped = _wrapped(f"{_outer(before, 1)}{quote}{_outer(after, 0)}")
        for mark, style in zip(_QUOTE, styles, strict=True):
            wrapped = [line.replace(mark, style) for line in wrapped]
        lines += [f"[{number}]", *wrapped, *_place(citation)]
    return lines


def _outer(text: str, side: int) -> str:
    """Text beside the quote: the space that parts them is kept."""
    plain = printable(text)
    if not plain or not text[-side].isspace():
        return plain
    return f"{plain} " if side else f" {plain}"


def _place(citation: Citation) -> list[str]:
    page = f"page {citation.page}, " if citation.page else ""
    date = f", dated {printable(citation.date)}" if citation.date else ""
    return [
        f"    {printable(' > '.join(path(citation)))}",
        f"    {printable(citation.source)}, {page}characters {citation.start}-{citation.end}{date}",
    ]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def _escaped(character: str) -> str:
    if unicodedata.category(character) in ("Cc", "Cs") or character in _BIDI:
        return character.encode("unicode_escape").decode("ascii")
    return character
