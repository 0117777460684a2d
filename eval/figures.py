"""The figures of a run, from its rows: each with its interval, over all questions or those with a tag."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from .intervals import Figure, Indices, share_figure, whole_figure
from .measures import lists, reliability, risk, silence
from .rows import Row

RISKS = (0.01, 0.05, 0.10)
LOWER_IS_BETTER = frozenset(
    {
        "changed by what was said before",
        "false answers",
        "false refusals",
        "risk-coverage area",
        "calibration error",
    }
)

Whole = Callable[[Sequence[Row]], float]


def figures(rows: Sequence[Row]) -> dict[str, Figure]:
    """Every figure that can be measured on these rows, by name, from 0 to 1; the others are left out."""
    names = dict.fromkeys(name for row in rows for name in row.values)
    found = {name: share_figure([row.values[name] for row in rows if name in row.values]) for name in names}
    found |= {name: _whole_figure(chosen(rows), measure) for name, (chosen, measure) in WHOLE.items()}
    return {name: figure for name, figure in found.items() if figure is not None}


def by_tag(rows: Sequence[Row]) -> dict[str, dict[str, Figure]]:
    """The same figures of the rows with each tag."""
    tags = sorted({tag for row in rows for tag in row.tags})
    return {tag: figures([row for row in rows if tag in row.tags]) for tag in tags}


def _whole_figure(rows: Sequence[Row], measure: Whole) -> Figure | None:
    def drawn(indices: Indices) -> float:
        return measure([rows[i] for i in indices])

    figure = whole_figure(len(rows), drawn, centred=True)
    return figure and replace(figure, low=max(figure.low, 0.0), high=min(figure.high, 1.0))


def _single(rows: Iterable[Row]) -> list[Row]:
    """Rows of which one answer is wanted, or none."""
    return [row for row in rows if not row.every and not row.only_finding]


def _lists(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row.every and row.gold]


def _curve(rows: Sequence[Row]) -> list[tuple[float, float]]:
    return risk.risk_coverage([row.confidence for row in rows], [row.right for row in rows])


def _auroc(rows: Sequence[Row]) -> float:
    return silence.auroc([row.confidence for row in rows], [bool(row.gold) for row in rows])


def _best_threshold(rows: Sequence[Row]) -> float:
    answerable = [bool(row.gold) for row in rows]
    return silence.best_threshold([row.confidence for row in rows], [row.best_f1 for row in rows], answerable)[0]


def _calibration_error(rows: Sequence[Row]) -> float:
    return reliability.expected_calibration_error([row.confidence for row in rows], [row.right for row in rows])


def _coverage_at(most: float, rows: Sequence[Row]) -> float:
    return risk.coverage_at(_curve(rows), most)


def _partial_match(rows: Sequence[Row]) -> float:
    return lists.partial_match([row.answers for row in rows], [row.gold for row in rows])[2]


# Figures that are no mean over questions: the rows that they are of, and how they are computed.
WHOLE: dict[str, tuple[Callable[[Iterable[Row]], list[Row]], Whole]] = {
    "list F1, partial match": (_lists, _partial_match),
    "best-threshold F1": (_single, _best_threshold),
    "AUROC": (_single, _auroc),
    "risk-coverage area": (_single, lambda rows: risk.area(_curve(rows))),
    **{f"coverage at {most:.0%} risk": (_single, partial(_coverage_at, most)) for most in RISKS},
    "calibration error": (_single, _calibration_error),
}
