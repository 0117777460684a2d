"""`pincite labels`: what was judged, to look at and to train or calibrate with."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import click

from .cli import library_option
from .errors import DataError, files_of
from .labels import WRONG_LEFT_OUT, Label, Verdict, squad
from .library import Library
from .terminal import printable, shortened

_LONGEST = 300  # characters of a quote that are shown


@click.group(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main() -> None:
    """Judgements of answers, as they are made on the page of `pincite chat`."""


@main.command("list")
@library_option
@click.option("--json", "as_json", is_flag=True, help="Print the labels as JSON.")
def list_command(folder: Path, as_json: bool) -> None:
    """List what was judged, oldest first."""
    with Library.open(folder, create=False) as library:
        labels = library.labels()
    if as_json:
        entries = [{**asdict(label), "quote": label.quote} for label in labels]
        click.echo(json.dumps(entries, ensure_ascii=False, indent=2))
    else:
        click.echo("\n".join(_lines(labels) or ["No answer was judged."]))


@main.command("export")
@library_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write.  [default: print it]")
def export_command(folder: Path, out: Path | None) -> None:
    """Write the labels that say what is right as SQuAD's JSON, for `pincite train`, `calibrate` and `eval`."""
    with Library.open(folder, create=False) as library:
        labels = library.labels()
    data, left_out = squad(labels)
    if left_out == len(labels):
        raise DataError(
            f"Of {len(labels):,} labels in the library in {str(folder)!r} none says what is right. "
            "Judge answers as right, or mark the right place, on the page of `pincite chat`."
        )
    data[WRONG_LEFT_OUT] = sum(label.verdict is Verdict.WRONG for label in labels)
    text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
    if out:
        with files_of(DataError, f"write {str(out)!r}", "Name another file."):
            out.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)
    click.echo(
        f"{len(labels) - left_out:,} labels exported; {left_out:,} left out, which do not say what is right.", err=True
    )


def _lines(labels: Iterable[Label]) -> list[str]:
    lines = []
    for label in labels:
        lines.append(f"{label.at[:10]}  {label.verdict}: {printable(label.question)}")
        if label.start is None:
            lines.append("    no answer")
        else:
            quote = shortened(printable(label.quote), _LONGEST)
            lines.append(f"    {quote} ({printable(label.title)}, characters {label.start}-{label.end})")
    return lines
