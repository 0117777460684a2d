"""Follow-up questions: what they may mean, given what was said before. No language model: words are put in place.

A question leans on the conversation when it has a word that points back ("she", "there", "that") or too few words of
its own ("Why?", "And the second?"). It may then be read after the last two turns, as the reader has learned to, or with
a pointing word replaced by a name, a date or the answer of an earlier turn, or joined with such.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .retrieval import STOP_WORDS
from .values import Turn

MOST_GUESSED = 3
LEANS_ON = 2  # turns, as a rule
# Chosen on 184 follow-ups to held-out paragraphs. With these 67% were answered as meant, with less doubt 61 to 66%.
DOUBT = 6.0  # by which the score of a span is less where the question was read otherwise than the reader has learned
SAID = 3.0  # by which it is less where an earlier answer has these words

_PERSON = ("he", "she", "him", "her", "his", "hers", "himself", "herself", "they", "them", "their", "theirs")
_THING = ("it", "its", "this", "that", "these", "those", "they", "them", "their", "one", "ones")
_PLACE = ("there",)
_TIME = ("then",)
_POINTING = frozenset((*_PERSON, *_THING, *_PLACE, *_TIME))
_POSSESSIVE = frozenset(("his", "her", "hers", "its", "their", "theirs"))
_OPENING = re.compile(r"^(?:and|but|so|or|also|what about|how about)\b[ ,]*", re.IGNORECASE)
_ORDINAL = re.compile(r"\b(?:first|second|third|fourth|last|next|other|others|another|both|else|same)\b", re.IGNORECASE)
_THERE_IS = re.compile(r"\b(?:is|are|was|were|be|been) there\b|\bthere (?:is|are|was|were)\b", re.IGNORECASE)
_RELATIVE = re.compile(r" (?:who|whom|whose|which)\b", re.IGNORECASE)  # "those who" are said at once
_CLAUSE = re.compile(r"\b(?:that|this|these|those) (?=[a-z]+\b)", re.IGNORECASE)
_DATE = re.compile(
    r"\b(?:\d{1,2} )?(?:January|February|March|April|May|June|July|August|September|October|November|December)"
    r"(?: \d{1,2},?)?(?: \d{4})?\b|\b1\d{3}\b|\b20\d{2}\b"
)
_NAME = re.compile(r"[A-Z][\w'’.-]*(?: (?:of |the |de |von |van )*[A-Z][\w'’.-]*)*")
_AFTER_PREPOSITION = re.compile(
    r"\b(?:after|at|before|by|during|for|from|in|like|of|on|since|to|with)\s*$", re.IGNORECASE
)
_SPAN_OF_TIME = re.compile(r"\s*(?:year|day|month|time|week|century|decade|night)\b", re.IGNORECASE)
_FRAGMENT = re.compile(r"(?:at|by|during|for|from|in|into|of|on|since|through|to|under|with)\b", re.IGNORECASE)
_AUXILIARY = frozenset(
    "am is are was were be been do does did has have had can could will would shall should may might must".split()
)
_ASKING = frozenset("who whom whose what when where which why how many much long old far name".split())
_WORD = re.compile(r"[\w'’-]+")
_PART = re.compile(r"\w+")
_WORDS, _WORDS_READ = 100, 70  # of a query, and of a question that the reader takes
_SHORT = 6  # words of a question that may be no sentence
_NEAR = 20  # characters before a word, in which a preposition may stand
_FEW = 1  # words of its own with which a question can hardly stand alone


def leans(question: str) -> bool:
    """Whether a question can hardly be understood without what was said before."""
    words = [match.group().lower() for match in _WORD.finditer(question)]
    own = [word for word in words if word not in STOP_WORDS and word not in _POINTING and word not in _ASKING]
    if _OPENING.match(question) or len(own) <= _FEW:
        return True
    if _FRAGMENT.match(question) and len(words) <= _SHORT and not any(word in _AUXILIARY for word in words):
        return True
    named = any(match.start() > 0 for match in _NAME.finditer(question))
    return _pointing(question) is not None or (bool(_ORDINAL.search(question)) and len(own) <= _FEW + 1 and not named)


@dataclass(frozen=True, slots=True)
class Meaning:
    """One way to understand a question; `doubt` is taken from the score of what answers it."""

    text: str
    doubt: float = 0.0


def meanings(question: str, history: Sequence[Turn]) -> list[Meaning]:
    """What a question may mean, first of all what it says; more only where it leans on the history."""
    if not history or not leans(question):
        return [Meaning(question)]
    learned, bare = continued(question, history), _OPENING.sub("", question).strip() or question
    guessed = dict.fromkeys((*_replaced(bare, history), *_joined(bare, history)))
    others = [text for text in guessed if text not in (question, learned)][:MOST_GUESSED]
    return [Meaning(question, DOUBT), Meaning(learned), *(Meaning(text, DOUBT) for text in others)]


def continued(question: str, history: Sequence[Turn]) -> str:
    """The question after the last two turns, as the reader has learned to read such: the last 70 words of them."""
    said = (f"{turn.question.rstrip(' ?')}? {turn.answer.rstrip('.')}." for turn in history[-LEANS_ON:])
    return " ".join(" ".join((*said, question)).replace("? .", "?").split()[-_WORDS_READ:])


def search_query(question: str, history: Sequence[Turn]) -> str:
    """What passages are looked for with: a leaning question after the last two turns, the last 100 words of them."""
    if not history or not leans(question):
        return question
    said = (f"{turn.question} {turn.answer}" for turn in history[-LEANS_ON:])
    return " ".join(" ".join((*said, question)).split()[-_WORDS:])


def was_said(text: str, said: Iterable[str]) -> bool:
    """Whether an earlier answer has these words in a row."""
    return any(f" {_plain(text)} " in f" {_plain(answer)} " for answer in said)


def _plain(text: str) -> str:
    return " ".join(_PART.findall(text.casefold()))


def _replaced(question: str, history: Sequence[Turn]) -> Iterator[str]:
    """The question with its first pointing word replaced by each of the nearest mentions that fit it."""
    match = _pointing(question)
    if match is None:
        return
    word = match.group().lower()
    for mention in _mentions(word, history):
        put = f"{mention}'s" if word in _POSSESSIVE and _is_before_noun(question, match.end()) else mention
        put = f"in {put}" if word in (*_PLACE, *_TIME) else put
        rest = question[match.end() :]
        if word in ("that", "this", "these", "those") and _CLAUSE.match(question, match.start()):
            put, rest = match.group(), f"{rest.rstrip('?')}, {mention}?"
        yield f"{question[: match.start()]}{put}{rest}"


def _joined(question: str, history: Sequence[Turn]) -> Iterator[str]:
    """The question with the names of the earlier one, and with its answer."""
    last = history[-1]
    names = " ".join(dict.fromkeys(_names(last.question)))
    if names:
        yield f"{question.rstrip('?')}, {names}?"
    if last.answer:
        yield f"{question.rstrip('?')}, {last.answer}?"


def _mentions(word: str, history: Sequence[Turn]) -> list[str]:
    """What a pointing word may stand for, nearest first: dates for times, else the answer and the names before it."""
    found: list[str] = []
    for turn in reversed(history):
        if word in _TIME:
            found += [m.group() for text in (turn.answer, turn.question) for m in _DATE.finditer(text)]
            continue
        names = _names(turn.question)
        answers = [turn.answer] if turn.answer and not (word in _PERSON and not _NAME.match(turn.answer)) else []
        asked_who = turn.question.lower().startswith(("who", "which", "what", "whom"))
        found += [*answers, *names] if asked_who else [*names, *answers]
    return list(dict.fromkeys(found))[:3]


def _names(text: str) -> list[str]:
    """Names in a question: what is written with a capital, but for the word that begins it."""
    return [
        match.group().removesuffix("'s").removesuffix("’s")
        for match in _NAME.finditer(text)
        if match.start() > 0 and match.group().lower() not in STOP_WORDS
    ]


def _pointing(question: str) -> "re.Match[str] | None":
    """The first word that points back, out of the question itself."""
    return next((match for match in _WORD.finditer(question) if _points(match, question)), None)


def _points(match: "re.Match[str]", question: str) -> bool:
    word, start, end = match.group().lower(), match.start(), match.end()
    if word not in _POINTING or _RELATIVE.match(question, end):
        return False
    if word == "there":
        return not _THERE_IS.search(question)
    if word == "that":  # else it begins a clause
        after_preposition = _AFTER_PREPOSITION.search(question, max(0, start - _NEAR), start)
        return not _WORD.search(question, end) or bool(after_preposition or _SPAN_OF_TIME.match(question, end))
    return not any(name.start() > 0 for name in _NAME.finditer(question, 0, start))  # a name in it comes first


def _is_before_noun(question: str, end: int) -> bool:
    """Whether a word that shows possession stands before what is possessed: "her father", but not "ask her"."""
    following = _WORD.search(question, end)
    return following is not None and following.group().lower() not in STOP_WORDS
