"""A run: every question of a set asked of a library, and what came back, question by question."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from rag.assistant import EVERY_PASSAGES, Assistant
from rag.citations import cite
from rag.errors import EvaluationError, QuestionError
from rag.library import View
from rag.reading.decoding import inside_word
from rag.retrieval import MODES
from rag.structure import page_at
from rag.values import Answer, Chunk, Citation

from .measures.citing import Place
from .measures.finding import answer_rank
from .questions import ALONE, Gold, Question, located

DEPTH = 100  # passages that are looked at to see how well they are found
READ = "hybrid"  # the way of finding whose passages are read
NOT_ASKED = "it was not asked for"


@dataclass(frozen=True, slots=True)
class Found:
    """What one way of finding gave: passages by name, best first, and from which rank on one holds the answer's words.

    `answer_rank` counts from 1 and is None where no passage of the first 100 does.
    """

    passages: tuple[str, ...]
    answer_rank: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a library said to one question; nothing where documents are judged, for then only passages are looked for.

    `best` is the best candidate, given or not, with its `confidence`; `read` is how many passages were read for it.
    `texts` are all answers where every one is wanted, else the one answer, or none. `exact` says of each citation
    whether its quote stands in its document letter for letter. `gold_places` and `gold_pages` are where the right
    answers stand, `gold_sentence` the first of them with its sentence; `wanted` the places to be found, each as the
    passages that hold it. `bent` says of a question that stands alone whether its answer is another when nothing was
    said before. `timings` are milliseconds by stage.
    """

    question: Question
    best: str = ""
    confidence: float = 0.0
    refusal: str | None = NOT_ASKED
    texts: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    exact: tuple[bool, ...] = ()
    read: int
    gold_places: tuple[Place, ...] = ()
    gold_pages: tuple[int | None, ...] = ()
    gold_sentence: Citation | None = None
    wanted: tuple[frozenset[str], ...]
    found: dict[str, Found]
    bent: bool | None = None
    timings: dict[str, float]

    @property
    def given(self) -> bool:
        """Whether the library answered."""
        return self.refusal is None


def run(
    assistant: Assistant,
    questions: Sequence[Question],
    *,
    k: int | None = None,
    jobs: int = 1,
    names: Mapping[str, str] | None = None,
    progress: bool = False,
) -> list[Outcome]:
    """Ask every question, in order. `k` is the number of passages to read, the assistant's own when None.

    `names` say what documents are called in the set, by the names of their files, where that is something else.
    Raises EvaluationError, before any is asked, where one is too long or a gold answer is not in the document that it
    names.
    """
    _check_lengths(assistant, questions)
    files = Files(assistant, names or {})
    placed = located(questions, files.text, files.find)
    _check_documents(placed, files)
    bar = tqdm(total=len(placed), desc="Asking", unit="questions", leave=False, disable=not progress)
    with bar, ThreadPoolExecutor(jobs) as workers:
        outcomes = []
        for outcome in workers.map(lambda question: _ask(assistant, question, files, k), placed):
            outcomes.append(outcome)
            bar.update()
    return outcomes


def _check_documents(questions: Sequence[Question], files: "Files") -> None:
    for question in questions:
        missing = [name for name in question.documents if name not in files.ids]
        if missing:
            raise EvaluationError(
                f"Question {question.id!r} is judged by the document {missing[0]!r}, which is not there. Add it, or "
                "take the judgement out."
            )


def _check_lengths(assistant: Assistant, questions: Sequence[Question]) -> None:
    for question in questions:
        if why := too_long(assistant, question):
            raise EvaluationError(f"Question {question.id!r} is too long. {why} Shorten it in the set, or take it out.")


def too_long(assistant: Assistant, question: Question) -> str | None:
    """Why a question is too long, if it is, to be searched with or, where no documents are judged, to be read."""
    embedder = assistant.library.embedder
    if (tokens := embedder.count_tokens(question.question)) > embedder.window:
        return f"It has {tokens} tokens, the embedding model takes {embedder.window}."
    try:
        if not question.documents:
            assistant.reader.read(question.question, [])
    except QuestionError as error:
        return str(error)
    return None


class Files:
    """The documents of a library by the names of their files, or by their sources; a name that several have is none.

    `names` are used for those of files and sources where they have one.
    """

    def __init__(self, assistant: Assistant, names: Mapping[str, str]):
        self._library = assistant.library
        entries = self._library.documents()
        files = [(Path(entry.location).name, entry.id) for entry in entries]
        sources = [(entry.source, entry.id) for entry in entries]
        self._counts = Counter(name for name, _ in files)
        named = [(names.get(name, name), found) for name, found in [*_unique(sources), *_unique(files)]]
        self.ids = dict(named)
        self._names = {found: name for name, found in named}
        self._texts: dict[str, str] = {}

    def text(self, name: str) -> str | None:
        """The text of a document, None when there is none of that name. Raises EvaluationError for more than one."""
        if self._counts[name] > 1 and name not in self.ids:
            raise EvaluationError(
                f"The library holds {self._counts[name]} documents of files named {name!r}, so that an answer in one "
                "of them has no certain place. Name it as `pincite documents` does, or leave `document` out."
            )
        if name not in self._texts and name in self.ids:
            with self._library.view() as view:
                self._texts[name] = view.document(self.ids[name]).text
        return self._texts.get(name)

    def find(self, name: str, words: str) -> int:
        """Where words stand first in a document, -1: nowhere; whole rather than inside others, in a passage if any."""
        text = self.text(name) or ""
        with self._library.view() as view:
            chunks = view.passages(self.ids[name])
        spans = [*((chunk.start, chunk.end) for chunk in chunks), (0, len(text))]
        starts = [start for span in spans for start in _starts(text, words, *span)]
        whole = (s for s in starts if not inside_word(text, s) and not inside_word(text, s + len(words)))
        return next(whole, next(iter(starts), -1))

    def name_of(self, chunk: Chunk) -> str:
        """A passage's name in rankings: document, start and end. Of files of one name the document is its source."""
        document = self._names.get(chunk.document_id, chunk.document_id)
        return f"{document}:{chunk.start}-{chunk.end}"


def _starts(text: str, words: str, first: int, last: int) -> Iterator[int]:
    """Where words stand from `first` to `last`."""
    start = text.find(words, first, last)
    while start >= 0:
        yield start
        start = text.find(words, start + 1, last)


def _unique(named: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    counts = Counter(name for name, _ in named)
    return [(name, found) for name, found in named if counts[name] == 1]


def _ask(assistant: Assistant, question: Question, files: Files, k: int | None) -> Outcome:
    with assistant.library.view() as view:
        query = assistant.query(question.question, question.history)
        chunks = {mode: [passage.chunk for passage in view.search(query, DEPTH, mode)] for mode in MODES}
    found = {mode: _found(question, passages, files) for mode, passages in chunks.items()}
    read = assistant.passages if k is None else k
    if question.documents:
        return _searched(assistant, question, files, found, read)
    return _answered(assistant, question, files, found, read)


def _searched(assistant: Assistant, question: Question, files: Files, found: dict[str, Found], read: int) -> Outcome:
    with assistant.library.view() as view:
        view.search(question.question, read, READ)
        timings = view.clock.timings()
        documents = [view.passages(files.ids[name]) for name in question.documents]
    wanted = tuple(frozenset(map(files.name_of, passages)) for passages in documents)  # found with any of its passages
    return Outcome(question=question, read=read, wanted=wanted, found=found, timings=asdict(timings))


def _answered(assistant: Assistant, question: Question, files: Files, found: dict[str, Found], read: int) -> Outcome:
    asked, history, k = question.question, question.history, read
    answer = assistant.ask(asked, history=history, k=k)
    best = answer if answer.text else assistant.ask(asked, history=history, k=k, threshold=0.0)
    texts: tuple[str, ...] = (answer.text,) if answer.text else ()
    refusal, citations = answer.refusal, answer.citations
    if question.every:
        read = max(read, EVERY_PASSAGES)
        every = assistant.ask(asked, history=history, k=read, every=True)
        texts = tuple(dict.fromkeys(value.text for value in every.values))
        refusal, citations = every.refusal, tuple(one for value in every.values for one in value.citations)
    places = tuple(_place(gold, files) for gold in question.answers if gold.start is not None)
    with assistant.library.view() as view:
        return Outcome(
            question=question,
            best=best.text,
            confidence=answer.confidence,
            refusal=refusal,
            texts=texts,
            citations=citations,
            exact=tuple(_exact(citation, view) for citation in citations),
            read=read,
            gold_places=places,
            gold_pages=tuple(page_at(view.document(document), start) for document, start, _ in places),
            gold_sentence=cite(view.document(places[0][0]), *places[0][1:]) if places else None,
            wanted=_wanted(question, places, view, files),
            found=found,
            bent=_bent(assistant, question, answer, k),
            timings=asdict(answer.timings),
        )


def _bent(assistant: Assistant, question: Question, answer: Answer, k: int) -> bool | None:
    if not question.history or ALONE not in question.tags:
        return None
    return assistant.ask(question.question, k=k).text != answer.text


def _place(gold: Gold, files: Files) -> Place:
    assert gold.document is not None
    assert gold.start is not None
    return files.ids[gold.document], gold.start, gold.start + len(gold.text)


def _wanted(question: Question, places: Sequence[Place], view: View, files: Files) -> tuple[frozenset[str], ...]:
    """Alternatives are one place, found with any of them; where every one is wanted, each is a place of its own."""
    held = [frozenset(map(files.name_of, _holders(place, view.passages(place[0])))) for place in places]
    if question.every or not held:
        return tuple(held)
    return (frozenset[str]().union(*held),)


def _holders(place: Place, chunks: Sequence[Chunk]) -> list[Chunk]:
    """The passages that hold a span; those that hold a part of it where a cut goes through it."""
    _, start, end = place
    whole = [chunk for chunk in chunks if chunk.start <= start and end <= chunk.end]
    return whole or [c for c in chunks if c.start < end and start < c.end]


def _found(question: Question, chunks: Sequence[Chunk], files: Files) -> Found:
    return Found(tuple(map(files.name_of, chunks)), answer_rank([chunk.text for chunk in chunks], question.gold))


def _exact(citation: Citation, view: View) -> bool:
    return view.document(citation.document_id).text[citation.start : citation.end] == citation.quote
