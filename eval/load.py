"""`make load`: many people ask `pincite chat` over HTTP at once, while a long PDF is read in.

First one person asks every question of a sample, one after the other. Then many, each with a session of their own, ask
with pauses of a few seconds while the PDF is given to the library, and go on for the minutes named once it is in. Last,
one person asks every question again, since what was added may change an answer. An answer of the many counts as the
same when it is the one given alone before or, from when the PDF was given, the one given alone with it. Exit code 1: a
request failed, an answer differed, or the server's memory grew.
"""

import asyncio
import io
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import click
import httpx
import numpy as np
import psutil  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.utils import simpleSplit  # type: ignore[import-untyped]
from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]

from .questions import Question, read_questions

Json = dict[str, Any]

QUESTIONS = Path(__file__).with_name("sets") / "article.jsonl"
SAMPLE = 60  # questions: more than one person comes to ask
PAUSE = (2.0, 5.0)  # seconds between an answer and the next question
SAMPLED_EVERY = 1.0  # seconds between two looks at the memory
MOST_GROWTH = 0.05  # from the first to the last third of the samples
WORDS_A_PAGE = 350
READY_WITHIN = 600.0  # seconds: the library is built first
ANSWERED_WITHIN = 120.0
READ_WITHIN = 3600.0
STOPPED_WITHIN = 20.0
SHOWN = 5  # of what went wrong

MAKERS = "baker potter weaver tailor saddler cooper glazier bookbinder basketmaker candlemaker carver dyer".split()
KINDS = "patient cheerful clumsy gifted elderly curious stubborn careful drowsy thrifty merry quiet".split()
DEEDS = "polished mended varnished folded wrapped sanded painted measured trimmed stitched scrubbed oiled".split()
SHADES = "crimson speckled smooth crooked hollow brittle fragrant woollen copper wooden velvet ribbed".split()
THINGS = "teapot blanket saddle barrel lantern violin cushion ladle hammock wardrobe apron kettle rug spool".split()
ROOMS = "pantry attic courtyard orchard cellar greenhouse stable workshop hallway veranda barn kitchen".split()
MANNERS = "slowly gladly twice gently loudly neatly again briskly silently lazily proudly tenderly".split()
WEATHERS = "rain hail fog drizzle sunshine frost dew snow thunder wind".split()


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of a question: the answer, or the error. `asked` is on the clock of `perf_counter`, in seconds."""

    question: Question
    asked: float
    seconds: float
    answer: Json | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """When the PDF was given and when the library held it, in seconds of `perf_counter`; the error, if any."""

    given: float
    held: float
    error: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The server's resident memory at a time of `perf_counter`, and how many questions it had been asked."""

    at: float
    mebibytes: float
    questions: int


@dataclass(frozen=True, slots=True)
class Growth:
    """What memory gained from the first to the last third of its samples, by medians: a share of the first, and MiB."""

    share: float
    per_thousand: float  # MiB for each 1,000 questions


@dataclass(frozen=True, slots=True)
class Load:
    """What was asked alone before, by many, and alone after; the PDF; memory before the many came, and from then on."""

    before: list[Reply]
    many: list[Reply]
    after: list[Reply]
    upload: Upload
    warm: float
    samples: list[Sample]

    @property
    def settled(self) -> list[Sample]:
        """The samples taken when the PDF was in."""
        return [sample for sample in self.samples if sample.at > self.upload.held]


class Sameness(StrEnum):
    """Which of the answers given alone an answer is, all but its timings."""

    BEFORE = "as alone before"
    WITH_PDF = "as alone with the PDF only"
    NEITHER = "as neither"


@click.command(help=__doc__)
@click.option("--people", type=click.IntRange(1), default=32, show_default=True, help="Who ask at once.")
@click.option("--minutes", type=click.FloatRange(0.1), default=2.0, show_default=True, help="Once the PDF is in.")
@click.option("--pages", type=click.IntRange(1), default=200, show_default=True, help="Of the PDF.")
@click.option("--seed", default=0, show_default=True, help="Of all that is drawn.")
def main(people: int, minutes: float, pages: int, seed: int) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl+C, so that the server is stopped then too
    questions = random.Random(seed).sample(read_questions(QUESTIONS), SAMPLE)
    pdf = long_pdf(pages, seed)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        with _server(Path(folder) / "library", log) as (pid, address):
            load = asyncio.run(_load(pid, address, questions, pdf, people=people, minutes=minutes, seed=seed))
        said = log.read_text(encoding="utf-8", errors="replace")
    for name, figure in _figures(load, people, pages).items():
        click.echo(f"{name:<28} {figure}")
    if faults := _faults(load):
        click.echo("\n".join(["", *faults, "", "The server said last:", *said.splitlines()[-SHOWN:]]))
        sys.exit(1)


def percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile, in milliseconds; NaN where there is nothing."""
    if not seconds:
        return float("nan"), float("nan")
    p50, p95 = np.quantile(seconds, (0.5, 0.95)) * 1000
    return float(p50), float(p95)


def differing(one: Json | None, other: Json | None) -> list[str]:
    """Names of the fields, but for `timings`, in which two answers differ; one that is not there differs in all."""
    one, other = one or {}, other or {}
    return sorted(
        name
        for name in (one.keys() | other.keys()) - {"timings"}
        if name not in one or name not in other or one[name] != other[name]
    )


def sameness(answer: Json | None, before: Json | None, after: Json | None, *, pdf_was_in: bool) -> Sameness:
    """Which of the two answers given alone an answer is; once the PDF was in, the earlier one counts no more."""
    if not differing(answer, before) and not (pdf_was_in and differing(before, after)):
        return Sameness.BEFORE
    return Sameness.NEITHER if differing(answer, after) else Sameness.WITH_PDF


def growth(samples: Sequence[Sample]) -> Growth:
    """How memory grew over three samples or more; 0 where a server that died held none, or nothing was asked."""
    third = len(samples) // 3
    first, last = samples[:third], samples[-third:]
    before = median(sample.mebibytes for sample in first)
    gained = median(sample.mebibytes for sample in last) - before
    asked = median(sample.questions for sample in last) - median(sample.questions for sample in first)
    return Growth(gained / before if before else 0.0, 1000 * gained / asked if asked else 0.0)


def long_pdf(pages: int, seed: int) -> bytes:
    """A PDF of about 350 words a page on crafts, of which no question asks; the same bytes for the same seed."""
    generator = random.Random(seed)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=True)
    for _ in range(pages):
        lines = canvas.beginText(60, 780)
        lines.setFont("Helvetica", 10, leading=14)
        lines.textLines(simpleSplit(" ".join(_prose(generator)), "Helvetica", 10, A4[0] - 120))
        canvas.drawText(lines)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _prose(generator: random.Random) -> Iterator[str]:
    """Sentences that fill a page."""
    draw = generator.choice
    words = 0
    while words < WORDS_A_PAGE:
        sentence = draw(
            (
                f"The {draw(KINDS)} {draw(MAKERS)} {draw(MANNERS)} {draw(DEEDS)} a {draw(SHADES)} {draw(THINGS)} "
                f"and the {draw(THINGS)} behind the {draw(ROOMS)}.",
                f"In the {draw(ROOMS)}, beside the {draw(SHADES)} {draw(THINGS)}, a {draw(MAKERS)} {draw(MANNERS)} "
                f"{draw(DEEDS)} every {draw(THINGS)} until the {draw(WEATHERS)} ended.",
                f"Thanks to {draw(WEATHERS)} and {draw(WEATHERS)}, a {draw(KINDS)}, {draw(KINDS)} {draw(MAKERS)} "
                f"{draw(MANNERS)} {draw(DEEDS)} the {draw(THINGS)} from the {draw(ROOMS)}.",
            )
        )
        words += len(sentence.split())
        yield sentence


async def _load(
    pid: int, address: str, questions: list[Question], pdf: bytes, *, people: int, minutes: float, seed: int
) -> Load:
    """Alone, many at once with the PDF, alone again."""
    many: list[Reply] = []
    samples: list[Sample] = []
    done = asyncio.Event()
    _say(f"One person asks {len(questions)} questions …")
    before = await _alone(address, questions)
    warm = _resident(pid)
    _say(f"{people} ask at once while the PDF is read in, and for {minutes:g} minutes more …")
    sessions = [_session(address) for _ in range(people)]  # made first: that takes time, which is no waiting
    async with asyncio.TaskGroup() as tasks:
        for number, session in enumerate(sessions):
            tasks.create_task(_person(session, questions, random.Random(f"{seed} {number}"), done, many))
        tasks.create_task(_watch(pid, done, many, samples))
        upload = await _give(address, pdf)
        await asyncio.sleep(minutes * 60)
        done.set()
    _say(f"One person asks {len(questions)} questions again …")
    return Load(before, many, await _alone(address, questions), upload, warm, samples)


def _session(address: str) -> httpx.AsyncClient:
    """Cookies and connections of its own; past every proxy that the environment names."""
    return httpx.AsyncClient(base_url=address, timeout=ANSWERED_WITHIN, trust_env=False)


async def _alone(address: str, questions: list[Question]) -> list[Reply]:
    async with _session(address) as session:
        return [await _ask(session, question) for question in questions]


async def _person(
    session: httpx.AsyncClient,
    questions: list[Question],
    generator: random.Random,
    done: asyncio.Event,
    replies: list[Reply],
) -> None:
    """Asks the questions in an order of their own until it is done."""
    async with session:
        for question in cycle(generator.sample(questions, len(questions))):
            if done.is_set():
                break
            replies.append(await _ask(session, question))
            await asyncio.sleep(generator.uniform(*PAUSE))


async def _ask(session: httpx.AsyncClient, question: Question) -> Reply:
    history = [asdict(turn) for turn in question.history]
    body = {"question": question.question, "history": history, "every": question.every}
    asked = time.perf_counter()
    try:
        response = await session.post("/v1/ask", json=body)
    except httpx.HTTPError as error:
        return Reply(question, asked, time.perf_counter() - asked, error=repr(error))
    seconds = time.perf_counter() - asked
    if response.status_code != httpx.codes.OK:
        return Reply(question, asked, seconds, error=f"{response.status_code} {response.text}")
    return Reply(question, asked, seconds, response.json())


async def _give(address: str, pdf: bytes) -> Upload:
    """Give the library the PDF and wait until it is read in."""
    given, error = time.perf_counter(), ""
    async with _session(address) as session:
        try:
            files = {"files": ("crafts.pdf", pdf, "application/pdf")}
            response = await session.post("/v1/documents", files=files, timeout=READ_WITHIN)
            if response.status_code != httpx.codes.CREATED or response.json()["failed"]:
                error = f"{response.status_code} {response.text}"
        except httpx.HTTPError as failure:
            error = repr(failure)
    return Upload(given, time.perf_counter(), error)


async def _watch(pid: int, done: asyncio.Event, replies: list[Reply], samples: list[Sample]) -> None:
    while not done.is_set():
        samples.append(Sample(time.perf_counter(), _resident(pid), len(replies)))
        await asyncio.sleep(SAMPLED_EVERY)


def _resident(pid: int) -> float:
    """MiB of memory that a process holds."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


@contextmanager
def _server(library: Path, log: Path) -> Iterator[tuple[int, str]]:
    """The chat, with the shipped corpus in a new library: its process id and address, once it is ready."""
    command = [sys.executable, "-m", "rag", "chat", "--library", str(library), "--port", str(_free_port()), "--no-open"]
    environment = {name: value for name, value in os.environ.items() if name != "PINCITE_API_KEYS"}
    _say("Starting the chat …")
    with (
        log.open("wb") as output,  # a file: a pipe that nobody empties would stop the server
        subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output) as process,
    ):
        try:
            yield process.pid, _address(process, log)
        finally:
            process.terminate()
            try:
                process.wait(STOPPED_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the server listens, as it says when it is ready."""
    until = time.monotonic() + READY_WITHIN
    said: list[str] = []
    while process.poll() is None and time.monotonic() < until:
        said = log.read_text(encoding="utf-8", errors="replace").splitlines()
        for line in said:
            if line.startswith("Ready: "):
                return line.split()[1]
        time.sleep(0.2)
    raise click.ClickException("\n".join(["The chat did not get ready. It said last:", *said[-SHOWN:]]))


def _judged(load: Load) -> Iterator[tuple[Reply, Sameness, list[str]]]:
    """The answers that many got, each with which of those given alone it is, and where it differs from the last."""
    before = {reply.question.id: reply.answer for reply in load.before}
    after = {reply.question.id: reply.answer for reply in load.after}
    for reply in load.many:
        if not reply.error:
            first, last = before[reply.question.id], after[reply.question.id]
            kind = sameness(reply.answer, first, last, pdf_was_in=reply.asked > load.upload.held)
            yield reply, kind, differing(reply.answer, last)


def _errors(load: Load) -> list[str]:
    replies = [*load.before, *load.many, *load.after]
    errors = [f"{reply.question.question!r}: {reply.error}" for reply in replies if reply.error]
    return [*errors, f"the PDF: {load.upload.error}"] if load.upload.error else errors


def _figures(load: Load, people: int, pages: int) -> dict[str, str]:
    """What is printed, by name."""
    kinds = Counter(kind for _, kind, _ in _judged(load))
    pairs = zip(load.before, load.after, strict=True)
    changed = sum(bool(differing(first.answer, last.answer)) for first, last in pairs)
    meanwhile = [reply for reply in load.many if reply.asked <= load.upload.held]
    then = [reply for reply in load.many if reply.asked > load.upload.held]
    highest, last = max(sample.mebibytes for sample in load.samples), load.samples[-1].mebibytes
    grown = growth(load.settled)
    return {
        "questions": f"{len(load.many):,} by {people} people at once; {len(load.before)} by one, twice",
        "errors": f"{len(_errors(load)):,}",
        "answers": "; ".join(f"{kinds[kind]:,} {kind}" for kind in Sameness),
        "changed by the PDF": f"{changed} of the {len(load.before)} answers given alone",
        "one person": _latency(load.before),
        f"{people} at once, PDF on its way": _latency(meanwhile),
        f"{people} at once, PDF in": _latency(then),
        "one person, PDF in": _latency(load.after),
        f"PDF of {pages} pages": f"read in within {load.upload.held - load.upload.given:.1f} s",
        "memory": f"{load.warm:.0f} MiB before the many, {highest:.0f} at most, {last:.0f} at the end",
        "memory, PDF in": f"{grown.share:+.1%} from the first to the last third of the time (below {MOST_GROWTH:+.0%} "
        f"is flat), {grown.per_thousand:+.1f} MiB for each 1,000 questions",
    }


def _faults(load: Load) -> list[str]:
    """What went wrong, the first few of each kind; nothing where all is well."""
    errors = [f"error: {error}" for error in _errors(load)]
    differ = [
        f"differs: {reply.question.question!r} in {', '.join(fields)}"
        for reply, kind, fields in _judged(load)
        if kind is Sameness.NEITHER
    ]
    grew = ["memory grew"] if growth(load.settled).share >= MOST_GROWTH else []
    return [*errors[:SHOWN], *differ[:SHOWN], *grew]


def _latency(replies: Sequence[Reply]) -> str:
    p50, p95 = percentiles([reply.seconds for reply in replies if not reply.error])
    return f"{p50:6.0f} ms p50 {p95:8.0f} ms p95"


def _say(text: str) -> None:
    click.echo(text, err=True)


if __name__ == "__main__":
    main()
