"""One HTML page that needs nothing else: figures, curves, every question with what was quoted and what was wanted."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path

from ..compare import Comparison, Verdict
from ..gate import Miss
from ..intervals import Figure
from ..measures.reliability import reliability
from ..measures.risk import risk_coverage
from ..record import Record
from ..rows import Row
from ..run import READ
from .text import notes

_HERE = Path(__file__).parent
_RANKS = (1, 2, 3, 4, 5, 10, 20, 50, 100)
_COLUMNS = "<th>question<th>wanted<th>came<th>confidence<th>rank<th>outcome"
_SIDE, _PAD = 270, 30  # of a plot, in pixels


def run_html(record: Record, missed: Sequence[Miss] = (), comparison: Comparison | None = None) -> str:
    """A run as a page. All text of documents and questions is escaped; no script but ours, nothing from outside."""
    name = record.about["set"]["name"]
    single = [row for row in record.rows if not row.every and not row.only_finding]
    confidences, right = [row.confidence for row in single], [row.right for row in single]
    parts = [
        f"<h1>{escape(name)}</h1>",
        f"<p>{_about(record)}</p>",
        *(f'<p class="missed">Missed: {escape(miss.line())}</p>' for miss in missed),
        *(_changes(comparison) if comparison else []),
        "<h2>Figures</h2>",
        _figures(record.figures, record.tags),
        '<div class="plots">',
        _curve("Risk at coverage", risk_coverage(confidences, right), "coverage", "risk"),
        _curve("Reliability", [(a, b) for a, b, _ in reliability(confidences, right)], "confidence", "right", True),
        _histogram([row.ranks[READ] for row in record.rows if row.gold]),
        "</div>",
        f'<h2>Questions <output id="shown">{len(record.rows)}</output></h2>',
        _filters(record.rows),
        f'<table id="questions"><thead><tr>{_COLUMNS}</tr></thead><tbody>',
        *(_question(row) for row in record.rows),
        "</tbody></table>",
    ]
    style, script = ((_HERE / f"page.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(name)}</title>'
    body = "\n".join(parts)
    return (
        f'<!doctype html>\n<html lang="en"><head>{head}<style>{style}</style></head>'
        f"<body>\n{body}\n<script>{script}</script></body></html>\n"
    )


def _about(record: Record) -> str:
    library, reader = record.about["library"], record.about["reader"]
    return escape(
        f"{len(record.rows)} questions, {library['documents']} documents, {library['passages']} passages; "
        f"{reader['passages']} passages read, answers from a confidence of {reader['threshold']:.3f} on. "
        f"Set {record.about['set']['sha256'][:12]}, library {library['sha256'][:12]}, reader {reader['sha256'][:12]}."
    )


def _changes(comparison: Comparison) -> list[str]:
    shown = [change for change in comparison.changes if change.verdict is not Verdict.NONE]
    lines = [
        f"<li class={change.verdict}>{escape(change.figure)}: {change.old:.3f} → {change.new:.3f} ({change.verdict})"
        for change in shown
    ] or ["<li>No difference is shown."]
    pairs = [("won", pair) for pair in comparison.won] + [("lost", pair) for pair in comparison.lost]
    lines += [f"<li>{word}: {escape(new.id)} {escape(new.question)}" for word, (_, new) in pairs]
    lines += [f"<li>{escape(line)}" for line in notes(comparison)]
    return ["<h2>Changes</h2>", "<ul>", *lines, "</ul>"]


def _figures(figures: dict[str, Figure], tags: dict[str, dict[str, Figure]]) -> str:
    choices = "".join(f"<option>{escape(tag)}" for tag in tags)
    tables = [_table("", figures), *(_table(tag, tags[tag]) for tag in tags)]
    return (
        f'<label>of questions tagged <select id="figures-of"><option value="">any{choices}</select></label>'
        + "".join(tables)
    )


def _table(tag: str, figures: dict[str, Figure]) -> str:
    lines = "".join(
        f"<tr><td>{escape(name)}<td>{f.value:.3f}<td>{_bar(f)}<td>{f.low:.3f} to {f.high:.3f}<td>{f.n}"
        for name, f in figures.items()
    )
    hidden = " hidden" if tag else ""
    return (
        f'<table class="figures" data-tag="{escape(tag)}"{hidden}><thead><tr><th>figure<th>value<th><th>95% interval'
        f"<th>questions</tr></thead><tbody>{lines}</tbody></table>"
    )


def _bar(figure: Figure) -> str:
    low, high, value = (round(100 * part, 1) for part in (figure.low, figure.high, figure.value))
    return (
        f'<svg viewBox="-1 0 102 10" width="102" role="img" aria-label="{value}%"><rect x="{low}" y="2" '
        f'width="{high - low}" height="6" class="interval"/><path d="M{value} 0v10" class="value"/></svg>'
    )


def _curve(title: str, points: Sequence[tuple[float, float]], x: str, y: str, diagonal: bool = False) -> str:
    placed = " ".join(f"{_PAD + a * _SIDE:.1f},{_PAD + (1 - b) * _SIDE:.1f}" for a, b in points)
    dots = (
        "".join(f'<circle cx="{p.split(",")[0]}" cy="{p.split(",")[1]}" r="2.5"/>' for p in placed.split())
        if diagonal
        else ""
    )
    line = f'<line x1="{_PAD}" y1="{_PAD + _SIDE}" x2="{_PAD + _SIDE}" y2="{_PAD}" class="even"/>' if diagonal else ""
    return _plot(title, f'{line}<polyline points="{placed}"/>{dots}', x, y)


def _histogram(ranks: Sequence[int | None]) -> str:
    bounds = list(zip((0, *_RANKS), _RANKS, strict=False))
    counts = [sum(rank is not None and low < rank <= high for rank in ranks) for low, high in bounds]
    counts.append(ranks.count(None))
    width, most = _SIDE / len(counts), max([*counts, 1])
    labels = [str(high) if high - low == 1 else f"–{high}" for low, high in bounds] + ["none"]
    bars = "".join(
        f'<rect x="{_PAD + i * width + 1:.1f}" y="{_PAD + _SIDE * (1 - n / most):.1f}" width="{width - 2:.1f}" '
        f'height="{_SIDE * n / most:.1f}"/><text x="{_PAD + (i + 0.5) * width:.1f}" y="{_PAD + _SIDE + 12}" '
        f'class="tick">{label}</text><text x="{_PAD + (i + 0.5) * width:.1f}" '
        f'y="{_PAD + _SIDE * (1 - n / most) - 3:.1f}" class="tick">{n or ""}</text>'
        for i, (n, label) in enumerate(zip(counts, labels, strict=True))
    )
    return _plot("Rank of the first passage with the answer", bars, "", "")


def _plot(title: str, inner: str, x: str, y: str) -> str:
    size = _SIDE + 2 * _PAD
    ticks = "".join(
        f'<text x="{_PAD + a * _SIDE}" y="{_PAD + _SIDE + 12}" class="tick">{a:g}</text>'
        f'<text x="{_PAD - 12}" y="{_PAD + (1 - a) * _SIDE + 4}" class="tick">{a:g}</text>'
        for a in (0, 0.5, 1)
        if x
    )
    axes = f'<path d="M{_PAD} {_PAD}V{_PAD + _SIDE}H{_PAD + _SIDE}" class="axes"/>'
    names = (
        f'<text x="{size / 2}" y="{size - 4}" class="tick">{x}</text>'
        f'<text x="10" y="{_PAD - 8}" class="tick left">{y}</text>'
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {size} {size}" width="{size}" role="img" '
        f'aria-label="{escape(title)}">{axes}{ticks}{names}{inner}</svg></figure>'
    )


def _filters(rows: Sequence[Row]) -> str:
    tags = sorted({tag for row in rows for tag in row.tags})
    kinds = sorted({row.failure for row in rows})
    return "".join(
        f'<label>{word} <select id="{name}"><option value="">any'
        + "".join(f"<option>{escape(choice)}" for choice in choices)
        + "</select></label> "
        for word, name, choices in (("tag", "tag", tags), ("outcome", "outcome", kinds))
    )


def _question(row: Row) -> str:
    nothing = "a judged document" if row.only_finding else "silence"
    wanted = " | ".join(escape(text) for text in row.gold) or f"<i>{nothing}</i>"
    came = " | ".join(escape(text) for text in row.answers) or f"<i>silence: {escape(row.refusal or '')}</i>"
    rank = row.ranks[READ] if row.gold else None
    return (
        f"<tr data-tags='{escape(json.dumps(row.tags), quote=True)}' data-outcome='{escape(row.failure, quote=True)}' "
        f"class='{'right' if row.failure == 'right' else 'wrong'}'><td><b>{escape(row.id)}</b> {escape(row.question)}"
        f"<br><small>{escape(', '.join(row.tags))}</small><td>{wanted}{_gold_sentence(row)}<td>{came}{_cited(row)}"
        f"<td>{row.confidence:.2f}<td>{rank or ''}<td>{escape(row.failure)}"
    )


def _gold_sentence(row: Row) -> str:
    placed = next((text for text in row.gold if row.gold_sentence.startswith(text, row.gold_at)), "")
    return _marked(row.gold_sentence, row.gold_at, len(placed)) if row.gold_sentence else ""


def _cited(row: Row) -> str:
    parts = []
    for citation in row.citations:
        at = citation["start"] - citation["sentence_start"]
        place = f"{citation['title']}, characters {citation['start']}–{citation['end']}"
        parts.append(_marked(citation["sentence"], at, len(citation["quote"])) + f"<small>{escape(place)}</small>")
    return "".join(parts)


def _marked(text: str, at: int, length: int) -> str:
    before, quote, after = text[:at], text[at : at + length], text[at + length :]
    return f"<blockquote>{escape(before)}<mark>{escape(quote)}</mark>{escape(after)}</blockquote>"
