"""Questions without an answer, made from questions with one: what a reader must learn to be silent about.

A name, number or year exchanged for another of its kind, or a word turned into its opposite, in the manner of Jia and
Liang 2017 and of SQuAD 2.0 (Rajpurkar et al. 2018); and passages that a retriever finds for a question and that do
not hold its answer.
"""

import random
import re
from collections.abc import Sequence

import numpy as np

from ..embedding import Embedder
from ..labelled import LabelledParagraph
from ..retrieval import STOP_WORDS

FINDS = 20  # paragraphs that are found for a question
_EXCERPT = 700  # characters of a paragraph by which it is found
_YEAR = re.compile(r"\b1\d{3}\b|\b20\d{2}\b")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d\b|\b(?:two|three|four|five|six|seven|eight|nine|ten|hundred|thousand)\b")
_NAME = re.compile(r"\b[A-Z][\w'’-]+(?: (?:of |de |the )?[A-Z][\w'’-]+)*")
_OPPOSITES = (
    "first last|before after|largest smallest|biggest smallest|highest lowest|most least|oldest youngest|"
    "older younger|earliest latest|north south|northern southern|east west|eastern western|increase decrease|"
    "increased decreased|rise fall|rose fell|began ended|begin end|start end|started stopped|win lose|won lost|"
    "allowed forbidden|legal illegal|major minor|positive negative|public private|always never|"
    "above below|best worst|good bad|longest shortest|richest poorest|common rare|upper lower|male female|"
    "men women|accepted rejected|supported opposed|gained lost|joined left|born buried|founded dissolved|"
    "built demolished|many few|strong weak|early late|including excluding|can cannot|able unable|agreed refused"
)
_OPPOSITE = {a: b for pair in _OPPOSITES.split("|") for a, b in (pair.split(), reversed(pair.split()))}
_AUXILIARY = re.compile(r"\b(did|does|do|is|was|were|are|has|have|had|could|can|would|will)\b", re.IGNORECASE)


def exchanged(question: str, text: str, elsewhere: str, chance: random.Random) -> str | None:
    """`question` with a name, number or year exchanged for another, from `text` or `elsewhere`; None: it has none."""
    mentions = [(found, kind) for kind in (_YEAR, _NUMBER, _NAME) for found in _mentions(kind, question)]
    chance.shuffle(mentions)
    for match, kind in mentions:
        source = text if chance.random() < 0.5 else elsewhere
        others = {found.group() for found in _mentions(kind, source)}
        fitting = sorted(o for o in others if o.lower() not in question.lower() and match.group() not in o)
        if fitting:
            return question[: match.start()] + chance.choice(fitting) + question[match.end() :]
    return None


def opposite(question: str, chance: random.Random) -> str | None:
    """`question` with a word turned into its opposite, or negated; None where neither can be done."""
    turned = [match for match in re.finditer(r"[A-Za-z]+", question) if match.group() in _OPPOSITE]
    if turned:
        match = chance.choice(turned)
        return question[: match.start()] + _OPPOSITE[match.group()] + question[match.end() :]
    verb = _AUXILIARY.search(question)
    if verb is None:
        return None
    subject = re.compile(r" (?:(?:the|a|an) )?[\w'’-]+").match(question, verb.end())
    at = subject.end() if subject else verb.end()
    return f"{question[:at]} {chance.choice(['not', 'never', 'not'])}{question[at:]}"


def lookalikes(
    questions: Sequence[tuple[int, str, list[str]]], paragraphs: Sequence[LabelledParagraph], embedder: Embedder
) -> list[list[int]]:
    """For each question (its paragraph, text, answers) the paragraphs that are found for it and hold no answer.

    Best first; by inner product of embeddings, among all `paragraphs`.
    """
    texts = [paragraph.text for paragraph in paragraphs]
    lowered = [text.casefold() for text in texts]
    vectors = embedder.embed([text[:_EXCERPT] for text in texts])
    found: list[list[int]] = []
    for begin in range(0, len(questions), 512):
        part = questions[begin : begin + 512]
        scores = embedder.embed([text for _, text, _ in part]) @ vectors.T
        best = np.argsort(-scores, axis=1)[:, :FINDS]
        for (own, _, answers), row in zip(part, best, strict=True):
            gold = [answer.casefold() for answer in answers]
            found.append([int(i) for i in row if i != own and not any(answer in lowered[i] for answer in gold)])
    return found


def _mentions(kind: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Mentions of a kind; a year is no number, nor a word a name that only begins a sentence or a question."""
    found = list(kind.finditer(text))
    if kind is _NUMBER:
        return [match for match in found if not _YEAR.fullmatch(match.group())]
    if kind is _NAME:
        return [match for match in found if match.start() > 0 and match.group().split()[0].lower() not in STOP_WORDS]
    return found
