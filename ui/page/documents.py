"""The tab of what the library holds: to look through, to add to, to remove from."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from pathlib import Path
from queue import Queue
from typing import Any

from rag.errors import PinciteError
from rag.library import Library
from rag.loading import SUFFIXES
from rag.record import Entry
from rag.terminal import printable

from ..access import Access
from ..problems import why_failed
from ..uploads import Limits, drop, keep
from .assets import SCRIPT
from .place import link_to_document

MOST_LISTED = 500


def documents_tab(blocks: Any, library: Library, access: Access, limits: Limits) -> None:
    """The list with a field to search it, a place to drop files, and a button to remove each."""
    import gradio as gr

    if access.may_add:
        gr.HTML(f'<p class="hint">{limits_in_words(limits)}</p>', apply_default_css=False)
        given = gr.File(
            file_count="multiple", file_types=sorted(SUFFIXES), label="Add documents", height=140, elem_id="given"
        )
        progress = gr.HTML(elem_id="progress", apply_default_css=False)
    words = gr.Textbox(label="Search the titles and file names", elem_id="words", max_length=200)
    table = gr.HTML(elem_id="documents", js_on_load=SCRIPT, apply_default_css=False)

    def show(wanted: str | None) -> str:
        return listed(library.documents(), wanted, may_remove=access.may_remove)

    def remove(wanted: str | None, data: gr.EventData) -> str:
        document_id = str(data._data.get("value", "")) if isinstance(data._data, dict) else ""
        try:
            if access.may_remove:
                drop(library, document_id)
        except PinciteError as error:
            gr.Warning(escape(str(error)))
        return show(wanted)

    def add(paths: list[str] | None, wanted: str | None) -> Iterator[tuple[Any, str, str]]:
        for taken in adding(library, [Path(path) for path in paths or ()], limits):
            yield gr.skip(), steps(taken), show(wanted)
        yield None, gr.skip(), show(wanted)

    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
    blocks.load(show, words, table, **private)
    words.change(show, words, table, **private)
    table.click(remove, words, table, **private)
    if access.may_add:
        given.upload(add, [given, words], [given, progress, table], concurrency_id="adding", **private)


@dataclass(frozen=True, slots=True)
class Step:
    """How far a file is that was given: `state` is "waiting", "reading", "added", or "failed" with the reason.

    `share` of it is done, from 0 to 1.
    """

    name: str
    state: str
    reason: str = ""
    share: float = 0.0


def listed(entries: Iterable[Entry], words: str | None = "", *, may_remove: bool) -> str:
    """The documents whose title or file has all the words, by file."""
    wanted = (words or "").casefold().split()
    found = [e for e in entries if all(word in f"{e.title} {e.source}".casefold() for word in wanted)]
    rows = "".join(_row(entry, may_remove) for entry in found[:MOST_LISTED])
    more = f"<p>… and {len(found) - MOST_LISTED:,} more.</p>" if len(found) > MOST_LISTED else ""
    if not found:
        return f'<p class="hint">{"No document has these words." if wanted else "The library is empty."}</p>'
    columns = ("Title", "Kind", "Pages", "Passages", "Added", *(["Remove"] if may_remove else []))
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    noun = "document" if len(found) == 1 else "documents"
    return (
        f'<p class="count">{len(found):,} {noun}</p>'
        '<div class="wide" tabindex="0" role="region" aria-label="Documents">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>{more}"
    )


def adding(library: Library, paths: list[Path], limits: Limits) -> Iterator[list[Step]]:
    """Read files in one after the other, and tell each time how far each of them is. The files given are used up."""
    taken = [Step(path.name, "waiting") for path in paths]
    try:
        for number, path in enumerate(paths):
            for taken[number] in _reading(library, path, limits):
                yield taken
        if not paths:
            yield taken
    finally:
        for path in paths:
            path.unlink(missing_ok=True)


def _reading(library: Library, path: Path, limits: Limits) -> Iterator[Step]:
    """A file on its way in, and at last what became of it."""
    shares: Queue[float | None] = Queue()
    yield Step(path.name, "reading")
    thread = ThreadPoolExecutor(1)
    work = thread.submit(_added, library, path, limits, shares.put)
    work.add_done_callback(lambda _: shares.put(None))
    thread.shutdown(wait=False)  # who leaves the page does not wait for the file, which is read to its end
    while (share := shares.get()) is not None:
        yield Step(path.name, "reading", share=share)
    yield work.result()


def _added(library: Library, path: Path, limits: Limits, progress: Callable[[float], object]) -> Step:
    try:
        keep(library, path.name, path.read_bytes(), limits, progress)
    except (PinciteError, OSError) as error:
        return Step(path.name, "failed", why_failed(error))
    return Step(path.name, "added")


def steps(taken: Iterable[Step]) -> str:
    """Each file with how far it is."""
    return f'<ul class="steps" role="status">{"".join(map(_step, taken))}</ul>'


def limits_in_words(limits: Limits) -> str:
    """What can be added."""
    kinds = ", ".join(sorted(suffix.lstrip(".") for suffix in SUFFIXES))
    return f"Files that are read: {kinds}; at most {limits.megabytes:,} MB each, {limits.documents:,} documents in all."


def _row(entry: Entry, may_remove: bool) -> str:
    title = escape(printable(entry.title))  # it stands in a sentence that it could turn around
    remove = (
        f'<td><button type="button" data-do="remove" data-value="{escape(entry.id)}" aria-label="Remove {title}" '
        f'data-confirm="Remove “{title}” from the library, for everybody?">Remove</button></td>'
    )
    address = escape(link_to_document(entry.id, entry.sha256))
    return (
        f'<tr><th scope="row"><a href="{address}" data-open="1">{title}</a><br>'
        f'<span class="source">{escape(entry.source)}</span></th>'
        f"<td>{escape(Path(entry.source).suffix.lstrip('.').upper() or 'text')}</td><td>{entry.pages or '–'}</td>"
        f"<td>{entry.passages:,}</td><td>{escape(entry.added[:16].replace('T', ' '))}</td>"
        f"{remove if may_remove else ''}</tr>"
    )


def _step(step: Step) -> str:
    known = f' value="{step.share:.2f}"' if step.share else ""  # before, nobody knows how much there is
    bar = f'<progress aria-label="Reading {escape(step.name)}"{known}></progress>' if step.state == "reading" else ""
    reason = f": {escape(step.reason)}" if step.reason else ""
    return f'<li class="{step.state}">{escape(step.name)} – {step.state}{reason} {bar}</li>'
