"""Bars that a run must reach: TOML, `[bars]` for all questions and `[tags.NAME]` for those with a tag.

Each bar is `"figure" = 0.8`: at least that, or at most that for figures of which less is better. Or
`"figure" = { low = 0.8 }`: the lower end of the interval must reach it (the upper end, where less is better).
"""

import tomllib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import EvaluationError

from .figures import LOWER_IS_BETTER
from .record import Record

_MOST_NAMED = 10
_ROUNDED = 1e-6  # what the values of rows are rounded to
_EXAMPLE = 'A bar reads `"HasAns F1" = 0.8`, under `[bars]`, or under `[tags.NAME]` for the questions with a tag.'


@dataclass(frozen=True, slots=True)
class Miss:
    """A bar that was missed: the figure (of a tag, or of all), its value, the bar, the questions that fell short.

    `end` is the end of the figure's interval where the bar is on that.
    """

    figure: str
    tag: str | None
    value: float
    bar: float
    questions: tuple[str, ...]
    end: float | None = None

    def line(self) -> str:
        """The miss as one line of text."""
        where = f" [{self.tag}]" if self.tag else ""
        end, word = ("upper", "above") if self.figure in LOWER_IS_BETTER else ("lower", "below")
        named = ", ".join(self.questions[:_MOST_NAMED])
        more = f" and {len(self.questions) - _MOST_NAMED} more" if len(self.questions) > _MOST_NAMED else ""
        questions = f": {named}{more}" if named else ""
        found, said = self.value, f"{self.figure}{where} is {self.value:.3f}"
        if self.end is not None:
            found, said = self.end, f"the {end} end of {self.figure}'s interval{where} is {self.end:.3f} ({said})"
        return f"{said}, {abs(found - self.bar):.3f} {word} {self.bar:.3f}{questions}"


Bars = dict[str | None, dict[str, dict[str, float]]]  # by tag (None: all), by figure


def read_gate(path: Path) -> Bars:
    """The bars in a file. Raises EvaluationError for a file that cannot be read or holds something else."""
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EvaluationError(f"Cannot read the gate {str(path)!r}: {error}. {_EXAMPLE}") from error
    unknown = set(found) - {"bars", "tags"}
    tables: dict[str | None, Any] = {None: found["bars"]} if "bars" in found else {}
    tags = found.get("tags", {})
    tables |= tags if isinstance(tags, dict) else {"tags": tags}
    if unknown or not tables:
        raise EvaluationError(f"The gate {str(path)!r} has no bars, or more than bars. {_EXAMPLE}")
    if not all(isinstance(table, dict) for table in tables.values()):
        raise EvaluationError(f"The gate {str(path)!r} has a bar where a table belongs. {_EXAMPLE}")
    if empty := ["[bars]" if tag is None else f"[tags.{tag}]" for tag, table in tables.items() if not table]:
        raise EvaluationError(f"The gate {str(path)!r} has no bar under {'; '.join(empty)}. {_EXAMPLE}")
    return {tag: {name: _bar(path, name, bar) for name, bar in table.items()} for tag, table in tables.items()}


def check_tags(bars: Bars, tags: Collection[str]) -> None:
    """Raises EvaluationError for bars on a tag that is not among those of the questions."""
    for tag in bars:
        if tag is not None and tag not in tags:
            raise EvaluationError(
                f"The gate has bars on the tag {tag!r}, which no question has. There are: {_listed(sorted(tags))}."
            )


def misses(record: Record, bars: Bars) -> list[Miss]:
    """The bars that a run missed. Raises EvaluationError where a figure of a bar was not measured: never a pass."""
    check_tags(bars, record.tags)
    return [
        miss
        for tag, table in bars.items()
        for name, bar in table.items()
        if (miss := _miss(record, tag, name, bar)) is not None
    ]


def _miss(record: Record, tag: str | None, name: str, bar: dict[str, float]) -> Miss | None:
    measured = record.figures if tag is None else record.tags[tag]
    if name not in measured:
        of = f" of the questions tagged {tag!r}" if tag else ""
        raise EvaluationError(
            f"The gate has a bar on {name!r}{of}, which was not measured. There are: {_listed(measured)}."
        )
    lower = name in LOWER_IS_BETTER
    figure = measured[name]
    end = (figure.high if lower else figure.low) if "low" in bar else None
    value, (wanted,) = figure.value if end is None else end, bar.values()
    if (value - wanted if lower else wanted - value) <= _ROUNDED:
        return None
    rows = [row for row in record.rows if (tag is None or tag in row.tags) and name in row.values]
    short = sorted(
        (row for row in rows if row.values[name] != (0.0 if lower else 1.0)), key=lambda row: row.values[name]
    )
    return Miss(name, tag, figure.value, wanted, tuple(row.id for row in short), end)


def _listed(names: Collection[str]) -> str:
    """Names, which may hold commas."""
    return "; ".join(names) or "none"


def _is_share(found: Any) -> bool:
    return isinstance(found, int | float) and not isinstance(found, bool) and 0 <= found <= 1


def _bar(path: Path, name: str, found: Any) -> dict[str, float]:
    bar = {"value": found} if isinstance(found, int | float) else found
    if not isinstance(bar, dict) or set(bar) not in ({"value"}, {"low"}) or not all(map(_is_share, bar.values())):
        raise EvaluationError(f"The bar on {name!r} in {str(path)!r} is {found!r}. {_EXAMPLE}")
    return {key: float(value) for key, value in bar.items()}
