"""Two runs side by side: what each question won or lost, and for each figure whether a difference is shown.

Paired bootstrap over the questions that both runs have (Efron and Tibshirani 1993; Koehn 2004), seed fixed: better or
worse where the 95% interval of the difference leaves out 0, and the questions are not too few to say.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from rag.errors import EvaluationError

from .figures import LOWER_IS_BETTER, WHOLE
from .intervals import Figure, Indices, mean_figure, whole_figure
from .record import Record
from .rows import Row

FEWEST = 5  # questions that can show a difference: the interval of one that stands alone has no width

Pair = tuple[Row, Row]
Asked = tuple[str, str, bool, frozenset[str]]  # id, words, whether every answer is wanted, right answers


class Verdict(StrEnum):
    """What a difference shows."""

    BETTER = "better"
    WORSE = "worse"
    NONE = "no difference shown"


@dataclass(frozen=True, slots=True)
class Change:
    """A figure in both runs, and the difference, new less old, with its interval."""

    figure: str
    old: float
    new: float
    difference: Figure
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes, and the questions that went from wrong to right (`won`) and from right to wrong (`lost`).

    `notes` say in a line each what else differs between the runs.
    """

    changes: tuple[Change, ...]
    won: tuple[Pair, ...]
    lost: tuple[Pair, ...]
    only_old: tuple[str, ...]
    only_new: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_worse(self) -> bool:
        """Whether any figure is shown to be worse."""
        return any(change.verdict is Verdict.WORSE for change in self.changes)


def compare(old: Record, new: Record) -> Comparison:
    """Compare two runs by ids, words and right answers of questions. Raises EvaluationError where they share none."""
    before, after = ({_asked(row): row for row in record.rows} for record in (old, new))
    pairs = [(before[name], after[name]) for name in before if name in after]
    if not pairs:
        raise EvaluationError(
            "The two runs share no question with the same right answers. Compare runs of the same set."
        )
    names = dict.fromkeys(name for one, other in pairs for name in one.values if name in other.values)
    changes = [change for name in [*names, *WHOLE] if (change := _change(name, pairs)) is not None]
    return Comparison(
        tuple(changes),
        tuple(pair for pair in pairs if pair[0].failure != "right" and pair[1].failure == "right"),
        tuple(pair for pair in pairs if pair[0].failure == "right" and pair[1].failure != "right"),
        tuple(row.id for name, row in before.items() if name not in after),
        tuple(row.id for name, row in after.items() if name not in before),
        (*_other_hashes(old, new), *_other_gold(before, after)),
    )


def _asked(row: Row) -> Asked:
    """Where other answers are wanted, other points are no change of the answers given."""
    return row.id, row.question, row.every, frozenset(row.gold)


def _other_hashes(old: Record, new: Record) -> Iterator[str]:
    for part in ("set", "library", "reader"):
        before, after = (record.about.get(part, {}).get("sha256") for record in (old, new))
        if before != after:
            yield f"The {part} is another: {str(before)[:12]} before, {str(after)[:12]} now."


def _other_gold(before: Collection[Asked], after: Collection[Asked]) -> Iterator[str]:
    old, new = ({name[:2] for name in one if name not in other} for one, other in ((before, after), (after, before)))
    if old & new:
        yield f"{len(old & new)} questions of the same words have other right answers, and are not compared."


def _change(name: str, pairs: Sequence[Pair]) -> Change | None:
    old, new, difference = _whole(name, pairs) if name in WHOLE else _mean(name, pairs)
    if difference is None:
        return None
    sign = -1 if name in LOWER_IS_BETTER else 1
    low, high = sorted((sign * difference.low, sign * difference.high))
    enough = difference.n >= FEWEST
    verdict = Verdict.BETTER if enough and low > 0 else Verdict.WORSE if enough and high < 0 else Verdict.NONE
    return Change(name, old, new, difference, verdict)


def _mean(name: str, pairs: Sequence[Pair]) -> tuple[float, float, Figure | None]:
    both = [(a.values[name], b.values[name]) for a, b in pairs if name in a.values and name in b.values]
    return fmean(a for a, _ in both), fmean(b for _, b in both), mean_figure([b - a for a, b in both])


def _whole(name: str, pairs: Sequence[Pair]) -> tuple[float, float, Figure | None]:
    chosen, measure = WHOLE[name]
    ids = {row.id for row in chosen(old for old, _ in pairs)} & {row.id for row in chosen(new for _, new in pairs)}
    both = [pair for pair in pairs if pair[0].id in ids]
    if not both:
        return 0.0, 0.0, None

    def difference(indices: Indices) -> float:
        return measure([both[i][1] for i in indices]) - measure([both[i][0] for i in indices])

    return measure([old for old, _ in both]), measure([new for _, new in both]), whole_figure(len(both), difference)
