"""The package as others meet it: what it exports, what importing it costs, which way its rooms may look."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import rag
from tests.conftest import TOP

HEAVY = ("torch", "transformers", "sentence_transformers", "faiss", "gradio", "numpy", "pandas", "trafilatura", "docx")


def run(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout


def test_importing_loads_no_heavy_package() -> None:
    program = f"import sys, rag, rag.cli; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert run(program) == "[]\n"


def test_importing_takes_under_three_tenths_of_a_second() -> None:
    program = "import time; begun = time.perf_counter(); import rag; print(time.perf_counter() - begun)"
    assert min(float(run(program)) for _ in range(5)) < 0.3


def test_importing_makes_nothing_and_sets_nothing() -> None:
    program = (
        "import os, logging; before = dict(os.environ); import rag, rag.cli\n"
        "print(dict(os.environ) == before, logging.getLogger().handlers)"
    )
    assert run(program) == "True []\n"


def test_all_is_what_is_there() -> None:
    public = {n for n in vars(rag) if not n.startswith("_") and re.match("[A-Z]", n)}
    assert set(rag.__all__) == public
    assert rag.__all__ == sorted(rag.__all__)


def imports(folder: Path) -> set[str]:
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                names.add("." * node.level + node.module)
            elif isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
    return names


def test_rooms_import_the_library_and_never_each_other() -> None:
    programs = ("index", "ui", "eval")
    for program in programs:
        others = [f"rag.{other}" for other in programs if other != program]
        assert not [name for name in imports(TOP / program) if name.startswith(tuple(others))]


def test_library_reaches_the_programs_only_from_its_command_line() -> None:
    for path in (TOP / "rag").rglob("*.py"):
        if path.name != "cli.py":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"^\s*(?:from|import) (?:\.|rag\.)(?:index|ui|eval)\b", text, re.MULTILINE), path
