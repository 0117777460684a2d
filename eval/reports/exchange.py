"""Files for the tools of the field: a TREC run with its qrels, predictions as SQuAD 2.0's evaluate-v2.0.py reads."""

import json
import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

from ..measure import judged
from ..run import READ, Outcome

TAG = "pincite"
_APART = re.compile(r"[\s%\x00-\x1f\x7f-\x9f]")


def trec_run(outcomes: Sequence[Outcome]) -> str:
    """The ranking of the passages that are read: question, Q0, passage, rank, score, tag; the score falls with rank.

    Where documents are judged, theirs: each stands where its first passage does.
    """
    lines = []
    for outcome in outcomes:
        names = _words(judged(outcome, outcome.found[READ].passages))
        lines += [f"{_word(outcome.question.id)} Q0 {n} {rank} {1 / rank:.6f} {TAG}" for rank, n in enumerate(names, 1)]
    return "".join(f"{line}\n" for line in lines)


def trec_qrels(outcomes: Sequence[Outcome]) -> str:
    """The passages that hold a wanted place, or the documents wanted: question, 0, passage, 1."""
    lines = []
    for outcome in outcomes:
        wanted = _words(judged(outcome, sorted(frozenset[str]().union(*outcome.wanted))))
        lines += [f"{_word(outcome.question.id)} 0 {name} 1" for name in wanted]
    return "".join(f"{line}\n" for line in lines)


def squad_predictions(outcomes: Sequence[Outcome]) -> str:
    """The text given to each question, "" where none was, as JSON by id."""
    given = {outcome.question.id: outcome.texts[0] if outcome.texts else "" for outcome in outcomes}
    return json.dumps(given, ensure_ascii=False, indent=1) + "\n"


def _words(names: Iterable[str]) -> list[str]:
    """Each name as a word, once."""
    return list(dict.fromkeys(map(_word, names)))


def _word(name: str) -> str:
    """An id as a word of its own: white space, control characters and "%" are percent-encoded, an empty one is "%"."""
    return _APART.sub(lambda found: quote(found[0]), name) or "%"
