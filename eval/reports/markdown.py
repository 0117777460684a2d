"""Markdown for a pull request's comment: changes and misses first, then the figures that matter, short."""

from collections.abc import Sequence

from rag.citations import literal
from rag.terminal import printable

from ..compare import Comparison, Verdict
from ..gate import Miss
from ..intervals import Figure
from ..record import Record
from .text import notes

SHOWN = (
    "right",
    "F1",
    "HasAns F1",
    "HasAns exact match",
    "NoAns F1",
    "list F1, partial match",
    "recall@5, hybrid",
    "MRR@10, hybrid",
    "citations byte-exact",
    "cited in the gold sentence",
    "changed by what was said before",
    "false answers",
    "false refusals",
    "AUROC",
    "calibration error",
)
_MOST = 10


def run_markdown(record: Record, missed: Sequence[Miss] = (), comparison: Comparison | None = None) -> str:
    """A run in a few lines."""
    about = record.about
    name = _escaped(about["set"]["name"])
    lines = [f"### {name}: {len(record.rows)} questions, {about['library']['documents']} documents", ""]
    lines += [f"- **missed:** {_escaped(miss.line())}" for miss in missed]
    lines += [""] if missed else []
    if comparison:
        lines += [*comparison_lines(comparison), ""]
    lines += ["| figure | | 95% interval | n |", "|---|---|---|---|"]
    lines += [_figure_line(name, record.figures[name]) for name in SHOWN if name in record.figures]
    return "\n".join(lines) + "\n"


def comparison_lines(comparison: Comparison) -> list[str]:
    """What changed, as lines of Markdown."""
    shown = [change for change in comparison.changes if change.verdict is not Verdict.NONE]
    lines = ["| changed | before | now | difference | |", "|---|---|---|---|---|"]
    for change in shown:
        d = change.difference
        lines.append(
            f"| {change.figure} | {change.old:.3f} | {change.new:.3f} | {d.value:+.3f} ({d.low:+.3f} to {d.high:+.3f}) "
            f"| {change.verdict} |"
        )
    if not shown:
        lines = [f"No difference is shown in any of {len(comparison.changes)} figures."]
    for word, pairs in (("won", comparison.won), ("lost", comparison.lost)):
        if pairs:
            lines += ["", f"{word.capitalize()}: {len(pairs)} questions", ""]
            lines += [
                f"- {_escaped(f'{new.id}: {new.question} ({old.failure} → {new.failure})')}"
                for old, new in pairs[:_MOST]
            ]
            lines += [f"- and {len(pairs) - _MOST} more"] if len(pairs) > _MOST else []
    for line in notes(comparison, _MOST):
        lines += ["", _escaped(line)]
    return lines


def _figure_line(name: str, figure: Figure) -> str:
    return f"| {name} | {figure.value:.3f} | {figure.low:.3f} to {figure.high:.3f} | {figure.n} |"


def _escaped(text: str) -> str:
    """Text of a document or a question on one line, which must not become markup."""
    return literal(printable(text))
