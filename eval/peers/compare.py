"""`make compare-peers`: answers, refusals, offsets, time and memory of ours and of what people would use instead.

In one run, each with two threads: a question goes to one after the other, in an order that turns.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, quantiles
from typing import Any

import click

from rag.assistant import PASSAGES
from rag.cli import prepare_environment
from rag.corpora import shipped_corpus
from rag.library import Library
from rag.models import find_model
from rag.reading import SHIPPED_READER
from rag.reading.network import save_for_transformers

from ..library import brings_documents, library_of
from ..measures.answering import exact_match, f1
from ..questions import Question, read_questions

HERE = Path(__file__).parent
ARTICLE = HERE.parent / "sets" / "article.jsonl"
TORCH = "torch==2.13.0"
PEERS = {
    "ours": (HERE / "ours.py", ()),
    "best sentence": (HERE / "best_sentence.py", ()),
    "haystack": (HERE / "haystack_reader.py", (TORCH, "haystack-ai==3.4.0", "transformers-haystack==2.0.0")),
    "txtai": (HERE / "txtai_questions.py", (TORCH, "txtai==9.14.0")),
}
THREADS = "2"
COLUMNS = (
    "HasAns F1",
    "HasAns exact match",
    "refused, rightly",
    "refused, wrongly",
    "places exact",
    "errors",
    "p50 ms",
    "p95 ms",
    "MB",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a peer said to a question, and the question's gold answers."""

    text: str
    gold: tuple[str, ...]
    placed: bool | None
    error: str | None
    milliseconds: float
    megabytes: float


@click.command()
@click.argument("sets", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--environments",
    default=Path(".venv/peers"),
    type=click.Path(path_type=Path),
    show_default=True,
    help="Where peers go.",
)
@click.option("--most", default=400, show_default=True, help="Questions of each set, evenly drawn.")
def main(sets: tuple[Path, ...], environments: Path, most: int) -> None:
    """Compare on SETS (by default the article's), lists and follow-ups left out, and print a table as Markdown."""
    prepare_environment()
    for path in sets or (ARTICLE,):
        requests = _requests(path, most)
        with tempfile.TemporaryDirectory() as folder:
            save_for_transformers(SHIPPED_READER, Path(folder))
            replies = _ask(requests, Path(folder), environments)
        click.echo(f"\n{path.name}: {len(requests)} questions, {PASSAGES} passages each\n")
        click.echo("\n".join(_table(replies)))


def _requests(path: Path, most: int) -> list[tuple[Question, list[str]]]:
    """Questions of which one answer is wanted, with the passages that our retriever gives."""
    asked = [one for one in read_questions(path) if not one.every and not one.history]
    count = min(most, len(asked))
    asked = [asked[index * len(asked) // count] for index in range(count)]
    with _library(path) as library, library.view() as view:
        return [(one, [p.chunk.text for p in view.search(one.question, PASSAGES)]) for one in asked]


@contextmanager
def _library(path: Path) -> Iterator[Library]:
    if brings_documents(path):
        with library_of(path, progress=True) as library:
            yield library
    else:
        beside = path.parent / "documents"
        with tempfile.TemporaryDirectory() as folder, Library.open(folder) as library:
            library.add(beside if beside.is_dir() else shipped_corpus())
            yield library


def _ask(requests: Sequence[tuple[Question, list[str]]], model: Path, environments: Path) -> dict[str, list[Reply]]:
    names = list(PEERS)
    replies: dict[str, list[Reply]] = {name: [] for name in names}
    with ExitStack() as stack:
        started = {name: stack.enter_context(_started(name, model, environments)) for name in names}
        for process in started.values():  # one question that does not count
            _told(process, "Who?", requests[0][1])
        for number, (question, passages) in enumerate(requests):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                replies[name].append(_reply(_told(started[name], question.question, passages), question, passages))
    return replies


@contextmanager
def _started(name: str, model: Path, environments: Path) -> Iterator["subprocess.Popen[str]"]:
    program, packages = PEERS[name]
    python = _environment(environments / name, packages) if packages else Path(sys.executable)
    base, _ = find_model()
    folder = SHIPPED_READER if name == "ours" else model
    variables = {
        **os.environ,
        "OMP_NUM_THREADS": THREADS,
        "HF_HUB_OFFLINE": "1",
        "HAYSTACK_TELEMETRY_ENABLED": "False",
        "TOKENIZERS_PARALLELISM": "false",
    }
    process = subprocess.Popen(
        [str(python), str(program), str(folder), str(base)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=variables,
    )
    try:
        _line(process)
        yield process
    finally:
        process.kill()
        process.wait()


def _environment(folder: Path, packages: Sequence[str]) -> Path:
    """The Python of a virtual environment that holds some packages; it is made when it is not there."""
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.is_file() or done.read_text() != "\n".join(packages):
        click.echo(f"Installing {', '.join(packages)} into {folder} ...")
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *packages], check=True)
        done.write_text("\n".join(packages))
    return python


def _told(process: "subprocess.Popen[str]", question: str, passages: list[str]) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(json.dumps({"question": question, "passages": passages}) + "\n")
    process.stdin.flush()
    return _line(process)


def _line(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """The next line of JSON; what a peer's packages print beside it is passed over."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return found
    raise click.ClickException(f"{process.args!r} ended without an answer. Run it by hand to see why.")


def _reply(found: dict[str, Any], question: Question, passages: Sequence[str]) -> Reply:
    placed = None
    if found["text"]:
        start = found["start"]
        placed = start is not None and passages[found["passage"]][start : start + len(found["text"])] == found["text"]
    gold = tuple(question.gold)
    return Reply(found["text"], gold, placed, found["error"], found["milliseconds"], found["megabytes"])


def _table(replies: dict[str, list[Reply]]) -> list[str]:
    lines = [f"| | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    for name, given in replies.items():
        has, none = [one for one in given if one.gold], [one for one in given if not one.gold]
        times = [one.milliseconds for one in given]
        placed = [one.placed for one in given if one.placed is not None]
        cells = [
            fmean(f1(one.text, one.gold) for one in has),
            fmean(exact_match(one.text, one.gold) for one in has),
            fmean(not one.text for one in none) if none else float("nan"),
            fmean(not one.text for one in has),
            fmean(placed) if placed else float("nan"),
        ]
        errors = sum(one.error is not None for one in given)
        lines.append(
            f"| {name} | {' | '.join(f'{cell:.3f}' for cell in cells)} | {errors} | {median(times):.0f} | "
            f"{quantiles(times, n=20)[-1]:.0f} | {max(one.megabytes for one in given):.0f} |"
        )
    kinds = {re.split(r"[:(]", one.error)[0] for given in replies.values() for one in given if one.error}
    return [*lines, *(f"\nErrors raised: {kind}" for kind in sorted(kinds))]


if __name__ == "__main__":
    main()
