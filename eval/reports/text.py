"""A run and a comparison as lines for a terminal."""

from collections.abc import Mapping

from rag.terminal import printable

from ..compare import Comparison, Verdict
from ..intervals import Figure


def figure_lines(figures: Mapping[str, Figure]) -> list[str]:
    """Each figure with its interval and the number of questions."""
    return [
        f"{name:<32}{figure.value:>7.3f}   {figure.low:.3f} to {figure.high:.3f}   n = {figure.n}"
        for name, figure in figures.items()
    ]


def comparison_text(comparison: Comparison) -> list[str]:
    """Each figure in both runs with the verdict, then the questions won and lost, and what else differs."""
    lines = [
        f"{change.figure:<32}{change.old:>7.3f} → {change.new:.3f}   {change.difference.value:+.3f} "
        f"({change.difference.low:+.3f} to {change.difference.high:+.3f})   {change.verdict}"
        for change in sorted(comparison.changes, key=lambda change: change.verdict is Verdict.NONE)
    ]
    for word, pairs in (("won", comparison.won), ("lost", comparison.lost)):
        lines += [printable(f"{word}: {new.id}: {new.question} ({old.failure} → {new.failure})") for old, new in pairs]
    return lines + notes(comparison)


def notes(comparison: Comparison, most: int | None = None) -> list[str]:
    """What else differs, a line each: sets, libraries and readers; for each run the questions that the other has not,
    with the ids of the first `most`, or of all."""
    lines = list(comparison.notes)
    for run, names in (("old", comparison.only_old), ("new", comparison.only_new)):
        if names:
            more = [f"and {len(names) - most} more"] if most is not None and len(names) > most else []
            named = ", ".join([*map(printable, names[:most]), *more])
            lines.append(f"{len(names)} questions only in the {run} run: {named}")
    return lines
