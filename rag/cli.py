"""The command line: each command parses, calls one function, prints.

Exit code 0: done; 1: no; 2: an error; 130: stopped with Ctrl+C.
"""

import io
import json
import math
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .errors import PinciteError

if TYPE_CHECKING:
    from .library import Library
    from .settings import Cutting

LIBRARY_VARIABLE = "PINCITE_LIBRARY"
DEFAULT_HOST, DEFAULT_PORT = "127.0.0.1", 7860


class _Failed(click.ClickException):
    exit_code = 2


class _Commands(click.Group):
    """Turns our errors into one message and exit code 2, and Ctrl+C into one line and exit code 130."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except PinciteError as error:
            raise _Failed(str(error)) from error
        except (KeyboardInterrupt, click.Abort):
            click.echo("\nStopped.", err=True)  # below the ^C that a terminal shows
            sys.exit(130)


class _Finite(click.FloatRange):
    """A number of a range, without what click lets through: nan and infinities."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value} is no finite number. Give one such as 0.1.", param, ctx)
        return number


class _Given(click.Path):
    """A path, without what would become the current folder: an empty one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not str(value):
            self.fail("It is empty. Write . for the current folder.", param, ctx)
        return super().convert(value, param, ctx)


_ABOVE_ZERO = _Finite(0, min_open=True)


def library_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--library`."""
    return click.option(
        "--library",
        "folder",
        envvar=LIBRARY_VARIABLE,
        default=default_library,
        type=click.Path(file_okay=False, path_type=Path),
        help=f"The library's folder (or {LIBRARY_VARIABLE}); by default the shipped corpus's in your data folder.",
    )(command)


def default_library() -> Path:
    """The folder of the shipped corpus's library, in the user's data folder."""
    from platformdirs import user_data_path

    return user_data_path("pincite", appauthor=False) / "library"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.version_option(package_name="pincite")
def main() -> None:
    """Answers from your documents in their own words, each with the exact place where it stands."""
    prepare_environment()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # what a terminal cannot show is no error


@main.command()
@click.argument("paths", nargs=-1, type=_Given(path_type=Path))
@library_option
@click.option(
    "--rebuild", is_flag=True, help="Read, cut and embed all of it again, with these settings or the defaults."
)
@click.option("--budget", type=int, help="Tokens of a passage.  [default: 128, or as built]")
@click.option("--overlap", type=int, help="Sentences repeated from the passage before.  [default: 1, or as built]")
@click.option("--encoding", help="What tokens are counted in.  [default: pincite-16k, or as built]")
@click.option("--model", help="Folder or name of the embedding model.  [default: all-MiniLM-L6-v2]")
def index(
    paths: tuple[Path, ...],
    folder: Path,
    rebuild: bool,
    budget: int | None,
    overlap: int | None,
    encoding: str | None,
    model: str | None,
) -> None:
    """Build or refresh a library from files and folders (default: the shipped corpus).

    A folder is kept in step: a document whose file is gone from it is removed. Exit code 1 when a file could not be
    read.
    """
    from .embedding import SentenceEmbedder
    from .index.build import build
    from .library import Library
    from .terminal import report_lines

    chosen = {"budget": budget, "overlap": overlap, "encoding": encoding}
    given = {key: value for key, value in chosen.items() if value is not None}
    report = build(
        folder,
        paths,
        rebuild=rebuild,
        embedder=SentenceEmbedder(model) if model else None,
        cutting=_cutting(folder, given, rebuild=rebuild),
        progress=sys.stderr.isatty(),
    )
    _print(report_lines(report))
    with Library.open(folder, create=False) as library:
        entries = library.documents()
        passages = sum(entry.passages for entry in entries)
        _print([f"The library in {folder} holds {len(entries):,} documents, {passages:,} passages."])
        recall = library.index_recall()
        stale = _stale_promise(library)
    if recall is not None:
        _print([f"Its vector index is approximate: recall@10 {recall:.3f} against an exact search."])
    _print_errors(stale)
    sys.exit(1 if report.failed else 0)


@main.command()
@click.argument("question")
@library_option
@click.option("--k", type=int, help="Passages to read.  [default: 5]")
@click.option("--threshold", type=_Finite(0, 1), help="Confidence that an answer must reach.  [default: as calibrated]")
@click.option("--every", is_flag=True, help="Give every distinct answer in the passages read, by default 20.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def ask(question: str, folder: Path, k: int | None, threshold: float | None, every: bool, as_json: bool) -> None:
    """Answer QUESTION with a quote and its places. Exit code 1 when the documents do not answer."""
    from .assistant import Assistant
    from .library import Library
    from .terminal import answer_lines, every_lines
    from .values import Answer

    with Library.open(folder, create=False) as library:
        answer = Assistant(library).ask(question, k=k, threshold=threshold, every=every)
    bold = click.style("{}", bold=True)
    if as_json:
        _print_json(answer.to_dict())
    else:
        _print(answer_lines(answer, bold) if isinstance(answer, Answer) else every_lines(answer, bold))
    sys.exit(1 if answer.refusal else 0)


@main.command()
@click.argument("query")
@library_option
@click.option("--k", default=10, help="Passages to show.")
@click.option("--mode", default="hybrid", help="hybrid, dense (by meaning) or lexical (by words).")
@click.option("--json", "as_json", is_flag=True, help="Print the passages as JSON.")
def search(query: str, folder: Path, k: int, mode: str, as_json: bool) -> None:
    """Show the passages nearest to QUERY. Exit code 1 when there are none."""
    from .library import Library
    from .terminal import passage_lines

    with Library.open(folder, create=False) as library, library.view() as view:
        passages = view.search(query, k, mode)
        places = view.cited(passages)
    if as_json:
        _print_json([{"score": p.score, **asdict(place)} for p, place in zip(passages, places, strict=True)])
    else:
        _print(passage_lines(passages, places))
    sys.exit(0 if passages else 1)


@main.command()
@library_option
@click.option("--json", "as_json", is_flag=True, help="Print the documents as JSON.")
def documents(folder: Path, as_json: bool) -> None:
    """List what the library holds."""
    from .library import Library
    from .terminal import entry_lines

    with Library.open(folder, create=False) as library:
        entries = library.documents()
        stale = _stale_promise(library)
    if as_json:
        _print_json([asdict(entry) for entry in entries])
    else:
        _print(entry_lines(entries))
    _print_errors(stale)


@main.command()
@click.argument("id_or_source")
@library_option
def remove(id_or_source: str, folder: Path) -> None:
    """Remove a document, named by its id, its source or its path, and its file where that was given to the chat."""
    from .library import Library
    from .terminal import printable
    from .ui.uploads import drop

    with Library.open(folder, create=False) as library:
        entry = drop(library, id_or_source)
    _print([f"Removed {printable(entry.title)} ({printable(entry.source)}), {entry.passages} passages."])


@main.command()
@library_option
@click.option("--host", default=DEFAULT_HOST, help="Address to listen on.")
@click.option(
    "--port",
    default=DEFAULT_PORT,
    type=click.IntRange(1, 65535),
    help="Port to listen on; the next free one is taken when it is in use.",
)
@click.option("--auth", multiple=True, metavar="USER:PASSWORD", help="Who may come in; or a file of such lines.")
@click.option(
    "--api-key",
    "keys",
    multiple=True,
    envvar="PINCITE_API_KEYS",
    help="Key of a program, sent as `Authorization: Bearer KEY`.",
)
@click.option("--no-add", is_flag=True, help="No document can be added.")
@click.option("--no-remove", is_flag=True, help="No document can be removed.")
@click.option("--read-only", is_flag=True, help="Both of these, and answers are not judged.")
@click.option(
    "--max-file",
    default=50,
    type=click.IntRange(1, 100),
    metavar="MB",
    help="Largest file that can be added; at most 100.",
)
@click.option("--max-documents", default=10_000, type=click.IntRange(1), help="How many documents may be held.")
@click.option("--open/--no-open", "open_browser", default=False, help="Open the page in a browser.")
def chat(
    folder: Path,
    host: str,
    port: int,
    auth: tuple[str, ...],
    keys: tuple[str, ...],
    no_add: bool,
    no_remove: bool,
    read_only: bool,
    max_file: int,
    max_documents: int,
    open_browser: bool,
) -> None:
    """Serve the page to ask in, and the HTTP API. A library that is new is filled with the shipped corpus."""
    from .ui.access import access
    from .ui.serve import serve
    from .ui.uploads import Limits

    allowed = access(auth, keys, may_add=not (no_add or read_only), may_remove=not (no_remove or read_only))
    serve(folder, allowed, Limits(max_file, max_documents), host=host, port=port, open_browser=open_browser)


@main.command()
@click.password_option(help="Asked for when it is not given.")
def password(password: str) -> None:
    """Hash a password for a file that `pincite chat --auth FILE` reads: `user:HASH`, one a line."""
    from .ui.access import hashed

    _print([hashed(password)])


@main.command("eval", add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def evaluate(arguments: tuple[str, ...]) -> None:
    """Measure the answers to a set of questions; `pincite eval --help` says how."""
    from .eval.commands import main as program

    program(list(arguments), prog_name="pincite eval", standalone_mode=False)


@main.command(add_help_option=False, context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def labels(arguments: tuple[str, ...]) -> None:
    """List or export what was judged of answers; `pincite labels --help` says how."""
    from .label_commands import main as program

    program(list(arguments), prog_name="pincite labels", standalone_mode=False)


@main.command()
@click.argument("data", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write into.")
@click.option("--start", type=click.Path(exists=True, file_okay=False, path_type=Path), help="A reader to go on from.")
@click.option("--epochs", default=2.0, type=_ABOVE_ZERO, help="How often to go through the data.")
@click.option("--minutes", type=_ABOVE_ZERO, help="How long to train, instead of epochs.")
@click.option(
    "--share", multiple=True, metavar="NAME=TIMES", help="How often each question on a file's paragraphs is taken."
)
@click.option("--batch", default=32, type=click.IntRange(1), help="Examples a step.")
@click.option("--rate", default=1e-4, type=_ABOVE_ZERO, help="Learning rate at its highest.")
@click.option("--seed", default=0, help="Of everything that is drawn.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in the folder.")
@click.option("--overwrite", is_flag=True, help="Replace the reader and the checkpoint in the folder.")
def train(
    data: tuple[Path, ...],
    out: Path,
    start: Path | None,
    epochs: float,
    minutes: float | None,
    share: tuple[str, ...],
    batch: int,
    rate: float,
    seed: int,
    resume: bool,
    overwrite: bool,
) -> None:
    """Fit a reader to labelled questions: files in SQuAD's JSON, plain or gzip.

    JSON lines (`.jsonl`) add questions to paragraphs of these files.
    """
    from .eval.fitting import fit_held_out, held_out, write_card
    from .labelled import read_labelled
    from .terminal import fault_lines
    from .training import Mix, Plan, train
    from .training.fit import check_free

    if resume and overwrite:
        raise click.UsageError("--resume goes on from what stands in the folder, --overwrite replaces it. Give one.")
    if not (resume or overwrite):
        check_free(out)
    labelled = read_labelled(data)
    _print_errors(fault_lines(labelled.faults))
    mix = Mix(_shares(share, {paragraph.file for paragraph in labelled.paragraphs}))
    plan = Plan(mix, epochs=epochs, minutes=minutes, seed=seed, batch=batch, rate=rate)
    held = held_out(labelled, plan)
    done = train(labelled, plan, out, start=start, resume=resume, progress=sys.stderr.isatty())
    _print([f"{done.steps:,} steps on {done.examples:,} examples in {done.seconds / 60:.1f} minutes: {out}"])
    _print(["Measuring it on the articles held out ..."])
    figures = fit_held_out(out, held)
    write_card(out, labelled, plan, start, done, figures)
    _print([f"{name:<48}{value:>8.3f}" for name, value in figures.items()])


@main.command()
@click.argument("labelled", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@library_option
@click.option("--risk", default=0.05, type=_Finite(0, 1, min_open=True, max_open=True), help="Most wrong.")
def calibrate(labelled: Path, folder: Path, risk: float) -> None:
    """Pick the confidence at which at most a share of the given answers is wrong, and keep it in the library.

    LABELLED holds questions on the library's documents, some of them without an answer: SQuAD's JSON, or JSON lines as
    `pincite eval` takes them. Of a list, each item counts as right.
    """
    from .assistant import Assistant
    from .eval.calibration import Asked, keep_risk
    from .eval.library import brings_documents
    from .eval.questions import located, read_questions
    from .eval.run import Files
    from .library import Library
    from .terminal import promise_lines

    questions = read_questions(labelled)
    asked = [Asked(one.question, one.gold, one.history) for one in questions]
    with Library.open(folder, create=False) as library:
        assistant = Assistant(library)
        if not brings_documents(labelled):  # else its documents are paragraphs, which the library knows by other names
            files = Files(assistant, {})
            located(questions, files.text, files.find)
        promise = keep_risk(assistant, asked, labelled, risk, progress=sys.stderr.isatty())
    _print(promise_lines(promise))


def _stale_promise(library: "Library") -> list[str]:
    """What is to be said where the library changed since a threshold was picked for it."""
    with library.view() as view:
        promise, is_behind = view.promise, view.is_promise_behind
    if promise is None or not is_behind:
        return []
    return [
        f"The documents changed, or were built again, since the threshold of {promise.threshold:.3f} was picked on "
        f"{promise.date}: that at most {promise.risk:.1%} of the answers are wrong was promised of the library as it "
        "was. Run `pincite calibrate` again."
    ]


def _cutting(folder: Path, given: dict[str, Any], *, rebuild: bool) -> "Cutting | None":
    """The ways of cutting that were given; the others as the library was built, unless it is built again."""
    from .library import Library
    from .record import Record
    from .settings import Cutting

    if not given:
        return None
    if rebuild or not Record.stands_in(folder):
        return Cutting(**given)
    with Library.open(folder, create=False) as library:
        return replace(library.settings.cutting, **given)


def _shares(given: tuple[str, ...], files: set[str]) -> dict[str, float]:
    """`NAME=TIMES` as names and numbers; each name must be that of a file."""
    try:
        shares = {name: float(times) for name, _, times in (entry.partition("=") for entry in given)}
    except ValueError as error:
        raise click.BadParameter(f"{error}. Write --share NAME=TIMES, such as --share reviews=0.5.") from error
    for name, times in shares.items():
        if not 0 <= times < math.inf:
            raise click.BadParameter(f"{name} cannot be taken {times} times. Give a number from 0 on.")
    for name in shares:
        if name not in files:
            raise click.BadParameter(f"no file is named {name!r}. There are: {', '.join(sorted(files))}.")
    return shares


def prepare_environment() -> None:
    """Say how the models are to use the machine; a variable that is set already stands.

    All cores, but none waited for in a loop: on a machine that does something else too, that costs far more than it
    gains.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    os.environ.setdefault("OMP_NUM_THREADS", str(cores))
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")


def _print(lines: list[str]) -> None:
    click.echo("\n".join(lines))


def _print_errors(lines: list[str]) -> None:
    if lines:
        click.echo("\n".join(lines), err=True)


def _print_json(value: Any) -> None:
    holds_all = (sys.stdout.encoding or "").replace("-", "").lower() == "utf8"
    click.echo(json.dumps(value, ensure_ascii=not holds_all, indent=2))
