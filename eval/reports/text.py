"""A run and a comparison as lines for a terminal."""

from collections.abc import Mapping

from ..compare import Comparison, Verdict
from ..intervals import Figure


def figure_lines(figures: Mapping[str, Figure]) -> list[str]:
    """Each figure with its interval and the number of questions."""
    return [
        f"{name:<32}{figure.value:>7.3f}   {figure.low:.3f} to {figure.high:.3f}   n = {figure.n}"
        for name, figure in figures.items()
    ]


def comparison_text(comparison: Comparison) -> list[str]:
    """Each figure in both runs with the verdict, then the questions won and lost."""
    lines = [
        f"{change.figure:<32}{change.old:>7.3f} → {change.new:.3f}   {change.difference.value:+.3f} "
        f"({change.difference.low:+.3f} to {change.difference.high:+.3f})   {change.verdict}"
        for change in sorted(comparison.changes, key=lambda change: change.verdict is Verdict.NONE)
    ]
    for word, pairs in (("won", comparison.won), ("lost", comparison.lost)):
        lines += [f"{word}: {new.id}: {new.question} ({old.failure} → {new.failure})" for old, new in pairs]
    for word, names in (("only in the old run", comparison.only_old), ("only in the new run", comparison.only_new)):
        lines += [f"{word}: {', '.join(names)}"] if names else []
    return lines
