"""`pincite eval`: measure a set, compare two runs, draft a set."""

import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from rag.assistant import Assistant
from rag.cli import library_option
from rag.errors import EvaluationError, PinciteError, files_of
from rag.library import Library
from rag.terminal import printable

from .compare import compare
from .costs import costs_json
from .draft import draft
from .gate import check_tags, misses, read_gate
from .library import brings_documents, library_of, names_of, read_beir
from .questions import read_questions, wrong_left_out
from .record import Record, about, read_record, record_of
from .reports.exchange import squad_predictions, trec_qrels, trec_run
from .reports.html import run_html
from .reports.junit import run_junit
from .reports.markdown import comparison_lines, run_markdown
from .reports.text import comparison_text, figure_lines
from .rows import rows_of
from .run import Outcome, run

REPORTS = (
    "record.json",
    "costs.json",
    "run.trec",
    "qrels.trec",
    "squad.json",
    "junit.xml",
    "report.md",
    "report.html",
)
_File = click.Path(exists=True, path_type=Path)


class _RunByDefault(click.Group):
    """`pincite eval SET` is `pincite eval run SET`; what nobody foresaw is shown whole and is exit code 2 too."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["run", *args])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = not args or args[0] in self.commands or args[0] in ("-h", "--help")
        return super().parse_args(ctx, args if known else ["run", *args])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (PinciteError, click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception:
            traceback.print_exc()
            sys.exit(2)


@click.group(cls=_RunByDefault, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
def main() -> None:
    """Measure how good the answers are: `pincite eval SET`. Exit code 1 where a bar is missed, 2 for an error."""


@main.command("run")
@click.argument("questions", metavar="SET", type=_File)
@library_option
@click.option("--k", type=int, help="Passages to read.  [default: 5]")
@click.option("--jobs", default=1, type=click.IntRange(1), help="Questions asked at once.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder to write all reports into.")
@click.option("--gate", type=_File, help="TOML with bars that must be reached.")
@click.option("--against", type=_File, help="An earlier run, to show what changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the whole record as JSON, missed bars on standard error.")
def run_command(
    questions: Path,
    folder: Path,
    k: int | None,
    jobs: int,
    out: Path | None,
    gate: Path | None,
    against: Path | None,
    as_json: bool,
) -> None:
    """Ask every question of SET and measure the answers.

    SET is JSON lines, SQuAD's JSON or a BEIR folder; the last two bring their own documents, and no library is used.
    """
    try:
        bars = read_gate(gate) if gate else {}
        old = read_record(against) if against else None
    finally:
        if out:
            _clear(out)  # only now, for AGAINST may stand in it
    asked = read_beir(questions) if questions.is_dir() else read_questions(questions)
    check_tags(bars, {tag for question in asked for tag in question.tags})
    _check_complete(questions, gated=bool(bars))
    with _library(questions, folder) as library:
        assistant = Assistant(library)
        outcomes = run(assistant, asked, k=k, jobs=jobs, names=names_of(questions), progress=sys.stderr.isatty())
        record = record_of(rows_of(outcomes), about(assistant, questions, k))
    if out:
        _write(out, _measured(record, outcomes))
    missed = misses(record, bars)
    comparison = compare(old, record) if old else None
    if out:
        _write(
            out,
            {
                "junit.xml": run_junit(record, missed),
                "report.md": run_markdown(record, missed, comparison),
                "report.html": run_html(record, missed, comparison),
            },
        )
    click.echo(record.to_json().rstrip() if as_json else "\n".join(figure_lines(record.figures)))
    if comparison and not as_json:
        click.echo("\n".join(["", *comparison_text(comparison)]))
    for miss in missed:
        click.echo(printable(f"missed: {miss.line()}"), err=as_json)
    if out and not as_json:
        click.echo(f"Reports: {out / 'report.html'} and {len(REPORTS) - 1} more.")
    sys.exit(1 if missed else 0)


@main.command("compare")
@click.argument("old", type=_File)
@click.argument("new", type=_File)
@click.option("--fail-on-worse", is_flag=True, help="Exit code 1 where any figure is shown to be worse.")
@click.option("--markdown", is_flag=True, help="Print Markdown, for a comment.")
def compare_command(old: Path, new: Path, fail_on_worse: bool, markdown: bool) -> None:
    """What changed from run OLD to run NEW, question by question, with a paired test."""
    comparison = compare(read_record(old), read_record(new))
    click.echo("\n".join(comparison_lines(comparison) if markdown else comparison_text(comparison)))
    sys.exit(1 if fail_on_worse and comparison.is_worse else 0)


@main.command("draft")
@library_option
@click.option("--count", default=50, type=click.IntRange(1), help="Questions to draft.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.option("--seed", default=0, help="Which sentences are drawn.")
def draft_command(folder: Path, count: int, out: Path, seed: int) -> None:
    """Draft a first set from a library's sentences, to be edited by hand."""
    with Library.open(folder, create=False) as library:
        lines = draft(library, count, seed)
    writing = files_of(EvaluationError, f"write {str(out)!r}", "Name another file.")
    with writing, out.open("x", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)
    click.echo(f"{len(lines)} drafts in {out}. Edit each question, and take the tag 'draft' away when it is good.")


def _check_complete(questions: Path, *, gated: bool) -> None:
    """Labels of the page without those judged wrong make any answers look right: no bar can be held against them."""
    if left_out := wrong_left_out(questions):
        message = (
            f"{str(questions)!r} leaves out {left_out:,} questions whose answer was judged wrong and whose right place "
            "was not marked: the figures are better than the answers. Mark the right place of each on the page of "
            "`pincite chat` and export again."
        )
        if gated:
            raise EvaluationError(message)
        click.echo(message, err=True)


def _measured(record: Record, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """What was measured, by file name: kept even where a gate or an earlier run then turns out to be of another set."""
    return {
        "record.json": record.to_json(),
        "costs.json": costs_json(outcomes),
        "run.trec": trec_run(outcomes),
        "qrels.trec": trec_qrels(outcomes),
        "squad.json": squad_predictions(outcomes),
    }


def _clear(folder: Path) -> None:
    """Make the folder, with none of an earlier run's reports in it: an error must not stand beside a pass."""
    _write(folder, {})
    with files_of(EvaluationError, f"clear {str(folder)!r}", "Name another folder."):
        for name in REPORTS:
            (folder / name).unlink(missing_ok=True)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    with files_of(EvaluationError, f"write into {str(folder)!r}", "Name another folder."):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")


@contextmanager
def _library(questions: Path, folder: Path) -> Iterator[Library]:
    if brings_documents(questions):
        with library_of(questions, progress=sys.stderr.isatty()) as library:
            yield library
    else:
        with Library.open(folder, create=False) as library:
            yield library
