"""What a person asked in one session and what came of it; kept by the browser so that it survives a reload."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from rag.labels import Verdict
from rag.values import Answer, Citation, EveryAnswer, Turn

LARGEST_KEPT = 4_000_000  # characters, below what a browser keeps for a page


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and its answer; without one, `note` says what is being done, or what went wrong.

    `as_typed`: the question was not to be read with what was said before. `verdict`: what a person made of the answer;
    `place`: what they marked as the right one.
    """

    question: str
    answer: Answer | EveryAnswer | None = None
    note: str = ""
    is_pending: bool = False
    as_typed: bool = False
    verdict: Verdict | None = None
    place: Citation | None = None

    @property
    def citations(self) -> tuple[Citation, ...]:
        """All places that are shown with it, in the order of their numbers."""
        match self.answer:
            case Answer() as one:
                others = (citation for other in one.alternatives for citation in other.citations)
                return (*one.citations, *others, *one.nearest)
            case EveryAnswer() as every:
                return (*(citation for value in every.values for citation in value.citations), *every.nearest)
        return ()

    @property
    def is_refused(self) -> bool:
        """Whether the documents did not answer."""
        return self.answer is not None and self.answer.refusal is not None

    @property
    def meant(self) -> str:
        """The question so that it stands alone."""
        return (self.answer and self.answer.read_as) or self.question

    def turn(self) -> Turn | None:
        """What a later question may lean on."""
        match self.answer:
            case Answer() as one:
                return Turn(one.question, one.text)
            case EveryAnswer() as every:
                return Turn(every.question, every.values[0].text if every.values else "")
        return None


Conversation = tuple[Exchange, ...]
_KEPT = TypeAdapter(Conversation)


def history(exchanges: Sequence[Exchange]) -> list[Turn]:
    """The turns before a new question, oldest first."""
    return [turn for turn in (exchange.turn() for exchange in exchanges) if turn]


def kept(conversation: Conversation) -> str:
    """A conversation as JSON; the oldest exchanges are left out where it grows too large for a browser to keep."""
    text = _KEPT.dump_json(conversation).decode()
    return text if len(text) <= LARGEST_KEPT else kept(conversation[1 + len(conversation) // 10 :])


def restored(text: str) -> Conversation:
    """The conversation that a browser kept; an empty one where that is none."""
    try:
        exchanges = _KEPT.validate_json(text)
    except ValidationError:
        return ()
    return tuple(one for one in exchanges if not one.is_pending) if all(map(_is_sound, exchanges)) else ()


def _is_sound(exchange: Exchange) -> bool:
    """Whether the answer is one that can be shown: refused, or with a place for all that it says, quoted rightly."""
    match exchange.answer:
        case Answer(refusal=None) as one:
            findings = [(one.confidence, one.citations), *((o.confidence, o.citations) for o in one.alternatives)]
        case EveryAnswer(refusal=None) as every:
            findings = [(value.confidence, value.citations) for value in every.values]
        case _:
            findings = []
    are_placed = all(0 <= sureness <= 1 and citations for sureness, citations in findings)
    marked = (exchange.place,) if exchange.place else ()
    return are_placed and all(map(_is_exact, (*exchange.citations, *marked)))


def _is_exact(citation: Citation) -> bool:
    offset, length = citation.start - citation.sentence_start, citation.end - citation.start
    found = citation.sentence[offset : offset + length]
    return 0 <= citation.sentence_start <= citation.start < citation.end and found == citation.quote
