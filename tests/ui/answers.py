"""Answers made by hand, small enough to foretell what the page shows of them."""

from rag.values import Alternative, Answer, Citation, EveryAnswer, Refusal, Timings, Value

TIMINGS = Timings(1, 2, 3, 4, 5, 15)
ID = "0123456789abcdef"
SHA256 = "ab" * 32


def citation(
    quote: str = "1932",
    *,
    title: str = "Bridges",
    source: str = "files/bridge.md",
    heading: tuple[str, ...] = ("Bridges", "History"),
    date: str | None = None,
    page: int | None = None,
    start: int = 100,
    before: str = "It opened in ",
    after: str = " at last.",
) -> Citation:
    """A quote that begins at the character `start` and stands between `before` and `after` in its sentence."""
    sentence, end = f"{before}{quote}{after}", start + len(quote)
    return Citation(
        ID, title, source, SHA256, date, page, heading, start, end, quote, sentence, sentence_start=start - len(before)
    )


def answer(*citations: Citation, others: tuple[Alternative, ...] = (), read_as: str | None = None) -> Answer:
    """An answer with a confidence of 0.93."""
    found = citations or (citation(),)
    return Answer("When did it open?", found[0].quote, 0.93, found, others, None, (), read_as, TIMINGS)


def other(*citations: Citation) -> Alternative:
    """Another answer, with a confidence of 0.5."""
    return Alternative(citations[0].quote, 0.5, citations)


def refused(*nearest: Citation, read_as: str | None = None) -> Answer:
    """A refusal, with the passages nearest to the question."""
    return Answer("Who sank it?", "", 0.2, (), (), Refusal.NO_ANSWER, nearest, read_as, TIMINGS)


def every(*values: tuple[Citation, ...], disagree: bool = False, read_as: str | None = None) -> EveryAnswer:
    """All answers: each is what its citations say; without any, a refusal."""
    found = tuple(Value(one[0].quote, f"={one[0].quote}", 0.7, one) for one in values)
    refusal = None if found else Refusal.BELOW_THRESHOLD
    nearest = () if found else (citation("The bridge."),)
    return EveryAnswer("What did it cost?", found, disagree, refusal, nearest, read_as, TIMINGS)
