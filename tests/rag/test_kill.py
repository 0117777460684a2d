"""A process killed while it adds leaves every committed document and no part of another."""

import random
import subprocess
import sys
import time
from pathlib import Path

from rag import Library
from rag.fakes import WordEmbedder

KILLS = 50
DOCUMENTS = 400
PROGRAM = """
import sys
from pathlib import Path
from rag import Library
from rag.fakes import WordEmbedder
from rag.loading import load
with Library.open(sys.argv[1], embedder=WordEmbedder()) as library:
    library.search("warm")
    load(min(Path(sys.argv[2]).iterdir()))
    print("ready", flush=True)
    for path in sorted(Path(sys.argv[2]).iterdir()):
        if library.add(path).added:
            print(path.name, flush=True)
"""


def test_every_committed_document_survives_a_kill_at_any_moment(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    for n in range(DOCUMENTS):
        (papers / f"{n:03}.md").write_text("\n\n".join(f"# Part {m}\n\nPaper {n} says {m}." for m in range(6)))
    moments = random.Random(2022)
    committed: set[str] = set()
    for kill in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "library"), str(papers)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(moments.uniform(0, 0.15))
        child.kill()
        committed.update(child.stdout.read().split())
        child.wait()
        child.stdout.close()
        with Library.open(tmp_path / "library", create=False, embedder=WordEmbedder()) as library:
            entries = library.documents()
            held = {Path(entry.source).name for entry in entries}
            assert committed <= held, f"kill {kill} lost {committed - held}"
            assert all(entry.passages == 6 for entry in entries)
            found = library.search("paper says", k=10_000, mode="dense")
            assert len(found) == 6 * len(entries)
            assert len(library.search("paper says", k=10_000, mode="lexical")) == 6 * len(entries)
        committed = held
    assert len(committed) > KILLS / 2
