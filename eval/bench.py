"""`make bench`: how fast passages are embedded and questions answered, and the memory it takes, at two sizes.

Then, how long one search among more vectors takes, exact and by IVF. The passages that make up a size are generated
from a fixed seed; what is read are those that the search returns. The plain loop of sentence-transformers runs in
the same process, turn by turn with ours. Figures of a shared machine are ratios first: compare them within one run.
"""

import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from statistics import median, quantiles

import click

from rag.assistant import Assistant
from rag.cli import prepare_environment
from rag.corpora import shipped_corpus
from rag.library import Library
from rag.sentences import sentences
from rag.values import Timings

from .costs import peak_megabytes

SEED = 2022
ARTICLE = "ukraine-standoff-2022.md"
EMBEDDED = 512  # passages in the comparison of embedding
ROUNDS = 3
INDEX_SIZES = (20_000, 100_000, 200_000)
PLAIN_BATCH = 32  # what sentence-transformers takes when nothing is said
QUESTIONS = 40
VOCABULARY = 50_000
PER_FILE = 200  # generated passages in a document


@click.command(help=__doc__)
@click.option(
    "--passages", "sizes", multiple=True, type=int, default=(1000, 20_000), show_default=True, help="One size or more."
)
def main(sizes: tuple[int, ...]) -> None:
    prepare_environment()
    click.echo(f"{os.cpu_count()} cores, {os.environ['OMP_NUM_THREADS']} threads")
    with tempfile.TemporaryDirectory() as folder:
        for size in sorted(sizes):  # peak memory only ever rises
            _questions(Path(folder) / str(size), size)
    _embedding()
    _index()


def _index() -> None:
    """One search among many vectors: exact, and by an index that looks into a part of them."""
    import faiss
    import numpy as np

    from rag.embedding import SentenceEmbedder
    from rag.vectors import FaissStore, as_ids, recall

    faiss.omp_set_num_threads(1)
    generator = np.random.default_rng(SEED)
    real = SentenceEmbedder().embed(list(_passages(random.Random(SEED), EMBEDDED)))
    click.echo()
    for size in INDEX_SIZES:
        mixed = real[generator.integers(len(real), size=size)] + real[generator.integers(len(real), size=size)]
        mixed += generator.normal(scale=0.02, size=mixed.shape).astype(np.float32)
        vectors = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
        for kind, exact_up_to in (("exact", size), ("IVF", 0)):
            store, ids = FaissStore(vectors.shape[1], exact_up_to), as_ids(range(size))
            begun = time.perf_counter()
            store.add(ids, vectors)
            built = time.perf_counter() - begun
            spent = []
            for vector in vectors[:200]:
                begun = time.perf_counter()
                store.search(vector, 50)
                spent.append((time.perf_counter() - begun) * 1000)
            click.echo(
                f"index of {size:>7,} vectors, {kind:<5}: {median(spent):5.1f} ms p50, built in {built:4.1f} s, "
                f"recall@10 {recall(store, ids, vectors, k=10, sample=100):.3f}"
            )


def _embedding() -> None:
    """Passages a second, ours against a plain loop over batches in the order of the text."""
    from sentence_transformers import SentenceTransformer

    from rag.embedding import SentenceEmbedder
    from rag.models import find_model

    texts = list(_passages(random.Random(SEED), EMBEDDED))
    ours, plain = SentenceEmbedder(), SentenceTransformer(str(find_model()[0]), device="cpu", local_files_only=True)
    ours.embed(texts[:8])
    plain.encode(texts[:8])
    rates: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        ours.embed(texts)
        between = time.perf_counter()
        for first in range(0, len(texts), PLAIN_BATCH):
            plain.encode(texts[first : first + PLAIN_BATCH], show_progress_bar=False)
        ended = time.perf_counter()
        rates.append((len(texts) / (between - begun), len(texts) / (ended - between)))
    click.echo(
        f"\nembedding: {median(r[0] for r in rates):.1f} passages/s, plain loop {median(r[1] for r in rates):.1f}, "
        f"ratio {median(r[0] / r[1] for r in rates):.2f} (median of {ROUNDS} rounds of {EMBEDDED})"
    )


def _questions(folder: Path, size: int) -> None:
    """Times by stage of questions on the article in a library of `size` passages; a new process; peak memory."""
    documents = folder / "documents"
    documents.mkdir(parents=True)
    generator = random.Random(SEED)
    for number in range(0, size, PER_FILE):
        text = "\n\n".join(
            f"# Part {n}\n\n{p}" for n, p in enumerate(_passages(generator, min(PER_FILE, size - number)))
        )
        (documents / f"{number:06}.md").write_text(text, encoding="utf-8")
    with Library.open(folder / "library") as library:
        begun = time.perf_counter()
        report = library.add(shipped_corpus(), documents, progress=sys.stderr.isatty())
        spent = time.perf_counter() - begun
        passages = sum(entry.passages for entry in library.documents())
        megabytes = sum(entry.bytes for entry in library.documents()) / 1e6
        click.echo(f"\n{passages:,} passages, {megabytes:.1f} MB")
        click.echo(f"  building      {report.passages_embedded / spent:8.1f} passages/s, {megabytes / spent:.3f} MB/s")
        assistant = Assistant(library)
        assistant.warm()
        asked = list(_asked(QUESTIONS))
        timings, forward = [], []
        with _forward_passes() as passes:
            for question in asked:
                passes.clear()
                timings.append(assistant.ask(question).timings)
                forward.append(sum(passes))
    for stage in Timings.__slots__:
        values = [getattr(each, stage) for each in timings]
        click.echo(f"  {stage:<12} {median(values):9.1f} ms p50 {quantiles(values, n=20)[-1]:9.1f} ms p95")
    outside = median(1 - inside / t.total for inside, t in zip(forward, timings, strict=True))
    click.echo(f"  outside the models' forward passes: {outside:.1%} of a question, median")
    command = [sys.executable, "-m", "rag", "ask", asked[0], "--library", str(folder / "library")]
    spent_new = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False)
        spent_new.append(time.perf_counter() - begun)
    click.echo(f"  `pincite ask` in a new process {median(spent_new):.1f} s (median of {ROUNDS})")
    if (peak := peak_megabytes()) is not None:
        click.echo(f"  peak memory   {peak:8.0f} MB, building and asking")


@contextmanager
def _forward_passes() -> Iterator[list[float]]:
    """Milliseconds of each forward pass of a model while the block runs."""
    from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

    from rag.bert import Bert

    begun: list[float] = []
    passes: list[float] = []

    def before(module: object, _: object) -> None:
        if isinstance(module, Bert):
            begun.append(time.perf_counter())

    def after(module: object, _: object, __: object) -> None:
        if isinstance(module, Bert):
            passes.append((time.perf_counter() - begun.pop()) * 1000)

    hooks = register_module_forward_pre_hook(before), register_module_forward_hook(after)
    try:
        yield passes
    finally:
        for hook in hooks:
            hook.remove()


def _asked(count: int) -> Iterator[str]:
    """Questions made from the article's sentences, so that what is read is real text."""
    text = (shipped_corpus() / ARTICLE).read_text(encoding="utf-8")
    found = [text[a:b] for a, b in sentences(text, text.index("# "))]
    for sentence in random.Random(SEED).sample([s for s in found if len(s) > 60], count):
        words = sentence.rstrip(".").split()
        yield f"What about {' '.join(words[:10])}?"


def _passages(generator: random.Random, count: int) -> Iterator[str]:
    """Texts that fill a passage each: words drawn by Zipf's law, the most frequent ones the article's.

    (Mandelbrot's form of the law, 1 / (rank + 2.7); made-up words follow the article's.)
    """
    counted = Counter(re.findall(r"\w+", (shipped_corpus() / ARTICLE).read_text(encoding="utf-8").lower()))
    words = [word for word, _ in counted.most_common()]
    syllables = [a + b for a in "bdfgklmnprstvz" for b in "aeiou"]
    words += ["".join(generator.choices(syllables, k=3)) for _ in range(VOCABULARY - len(words))]
    weights = list(accumulate(1 / (rank + 2.7) for rank in range(1, VOCABULARY + 1)))
    for _ in range(count):
        lengths = (generator.randint(5, 17) for _ in range(generator.randint(1, 3)))
        sentences_of_it = (" ".join(generator.choices(words, cum_weights=weights, k=n)).capitalize() for n in lengths)
        yield " ".join(f"{sentence} {generator.randint(1, 9999)}." for sentence in sentences_of_it)


if __name__ == "__main__":
    main()
