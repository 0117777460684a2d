"""From labelled questions to the examples of an epoch: drawn, varied, cut to a passage, some without an answer."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..embedding import Embedder
from ..labelled import LabelledParagraph, LabelledQuestion, Spans
from ..retrieval import query_words
from ..sentences import sentences
from .negatives import exchanged, lookalikes, opposite
from .typed import keywords, slip, unpunctuated

SHORTEST, LONGEST = 40, 170  # words of a passage that is cut from a paragraph


@dataclass(frozen=True, slots=True)
class Mix:
    """What an epoch is made of.

    `shares`: of the questions of a file (by its name without suffixes), how many times each is taken on average; 1
    where none is given. The rest are chances, for each answerable question taken: to come with a copy that has no
    answer, of one of four kinds (`retrieved` passages without the answer, `exchanged` and `opposite` questions,
    `elsewhere`: any other paragraph); to be typed in another way; and to stand in its `whole` paragraph.
    """

    shares: Mapping[str, float]
    retrieved: float = 0.16
    exchanged: float = 0.08
    opposite: float = 0.03
    elsewhere: float = 0.03
    unpunctuated: float = 0.10
    keywords: float = 0.03
    slip: float = 0.05
    whole: float = 0.35


@dataclass(frozen=True, slots=True)
class Example:
    """A question and a passage with the spans that answer it: any one, or all where `every` is set; none: no answer."""

    question: str
    text: str
    spans: Spans
    every: bool = False


class Examples:
    """The examples of each epoch: the same for the same data, mix and seed."""

    def __init__(self, paragraphs: Sequence[LabelledParagraph], mix: Mix, seed: int, embedder: Embedder | None):
        """Without an embedder no passages are retrieved."""
        self._paragraphs = paragraphs
        self._mix = mix
        self._seed = seed
        self._lookalikes = self._find(embedder) if embedder and mix.retrieved else {}

    def epoch(self, number: int) -> list[Example]:
        """All examples of an epoch, in the order of training."""
        chance = random.Random(f"{self._seed}:{number}")  # noqa: S311 - a seed, no secret
        examples = [e for place, question in self._drawn(chance) for e in self._made(place, question, chance)]
        chance.shuffle(examples)
        return examples

    def _find(self, embedder: Embedder) -> dict[tuple[int, str], list[int]]:
        """Passages without the answer, for as many questions as the first two epochs will want."""
        chance = random.Random(f"{self._seed}:retrieved")  # noqa: S311
        wanted = [
            (place, question)
            for place, question in self._drawn(chance)
            if question.spans and chance.random() < 2 * self._mix.retrieved
        ]
        asked = [(place, question.text, self._paragraphs[place].answers(question)) for place, question in wanted]
        found = lookalikes(asked, self._paragraphs, embedder)
        return {(place, question.id): others for (place, question), others in zip(wanted, found, strict=True)}

    def _drawn(self, chance: random.Random) -> Iterator[tuple[int, LabelledQuestion]]:
        for place, paragraph in enumerate(self._paragraphs):
            share = self._mix.shares.get(paragraph.file, 1.0)
            for question in paragraph.questions:
                times = int(share) + (chance.random() < share % 1)
                yield from [(place, question)] * times

    def _made(self, place: int, question: LabelledQuestion, chance: random.Random) -> Iterator[Example]:
        mix, text = self._mix, self._paragraphs[place].text
        asked = self._typed(question.text, chance)
        yield self._cut(asked, text, question.spans, question.every, chance)
        if not question.spans:
            return
        if chance.random() < mix.exchanged:
            changed = exchanged(question.text, text, self._other(place, chance), chance)
            if changed:
                yield self._cut(self._typed(changed, chance), text, (), False, chance)
        if chance.random() < mix.opposite:
            changed = opposite(question.text, chance)
            if changed:
                yield self._cut(self._typed(changed, chance), text, (), False, chance)
        if chance.random() < mix.elsewhere:
            other = self._other(place, chance)
            if not any(answer.casefold() in other.casefold() for answer in self._paragraphs[place].answers(question)):
                yield self._cut(asked, other, (), False, chance)
        others = self._lookalikes.get((place, question.id))
        if others and chance.random() < 0.5:
            rank = min(int(chance.expovariate(0.4)), len(others) - 1)
            yield self._cut(asked, self._paragraphs[others[rank]].text, (), False, chance)

    def _typed(self, question: str, chance: random.Random) -> str:
        mix, drawn = self._mix, chance.random()
        if drawn < mix.slip:
            return slip(question, chance)
        if drawn < mix.slip + mix.keywords:
            return keywords(question)
        return unpunctuated(question) if drawn < mix.slip + mix.keywords + mix.unpunctuated else question

    def _other(self, place: int, chance: random.Random) -> str:
        """The text of a paragraph near by, as a rule of the same article."""
        near = place + chance.choice([-4, -3, -2, -1, 1, 2, 3, 4])
        return self._paragraphs[near % len(self._paragraphs)].text

    def _cut(self, question: str, text: str, spans: Spans, every: bool, chance: random.Random) -> Example:
        """The whole paragraph, or a run of its sentences that holds the answers, or else what seems to answer."""
        if chance.random() < self._mix.whole:
            return Example(question, text, spans, every)
        kept = spans if every or not spans else (chance.choice(spans),)
        start, end = _around(text, kept or [_most_alike(question, text)], chance)
        inside = tuple((a - start, b - start) for a, b in spans if start <= a and b <= end)
        return Example(question, text[start:end], inside, every)


def _most_alike(question: str, text: str) -> tuple[int, int]:
    """The sentence that shares most words with a question."""
    words = set(query_words(question))
    shared = {(start, end): len(words.intersection(query_words(text[start:end]))) for start, end in sentences(text)}
    return max(shared, key=lambda sentence: shared[sentence], default=(0, len(text)))


def _around(text: str, spans: Sequence[tuple[int, int]], chance: random.Random) -> tuple[int, int]:
    """A run of sentences around all spans."""
    found = sentences(text)
    if not found:
        return 0, len(text)
    low, high = min(a for a, _ in spans), max(b for _, b in spans)
    first = next((i for i, (_, end) in enumerate(found) if end > low), 0)
    last = next((i for i, (_, end) in enumerate(found) if end >= high), len(found) - 1)
    budget = chance.randint(SHORTEST, LONGEST)
    while True:
        sides = [(first - 1, last)] * (first > 0) + [(first, last + 1)] * (last + 1 < len(found))
        if not sides:
            break
        wider = chance.choice(sides)
        if len(text[found[wider[0]][0] : found[wider[1]][1]].split()) > budget:
            break
        first, last = wider
    return min(found[first][0], low), max(found[last][1], high)
