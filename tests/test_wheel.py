"""The wheel, installed into an empty environment, works outside any checkout; its types hold there."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.conftest import TOP


def run(*command: str | Path, cwd: Path) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PINCITE_LIBRARY")}
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, cwd=cwd, env=environment)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that holds the wheel and what it needs, nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", folder, TOP, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    programs = folder / "env" / "bin"
    run(
        programs / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--constraint",
        TOP / "constraints.txt",
        wheel,
        cwd=folder,
    )
    return programs


def test_wheel_answers_a_question_outside_any_checkout(installed: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    assert "1 added" in run(installed / "pincite", "index", "--library", library, cwd=tmp_path)
    out = run(installed / "pincite", "ask", "When did the czars conquer Crimea?", "--library", library, cwd=tmp_path)
    assert out.startswith("1783   (confidence")


def test_wheel_holds_the_programs_and_leaves_no_stray_names(installed: Path, tmp_path: Path) -> None:
    program = (
        "import rag, rag.ui.page, rag.index.build, rag.eval.run, pathlib, sys\n"
        "site = pathlib.Path(rag.__file__).parent.parent\n"
        "print(rag.ui.__file__.startswith(str(site / 'rag')), [n for n in ('ui', 'index', 'eval', 'corpus', 'tests')"
        " if (site / n).exists()], rag.ui.page.STYLE.is_file())"
    )
    assert run(installed / "python", "-c", program, cwd=tmp_path) == "True [] True\n"


def test_types_hold_in_the_installed_wheel(installed: Path, tmp_path: Path) -> None:
    settings = ["--config-file", TOP / "pyproject.toml", "--python-executable", installed / "python"]
    out = run(sys.executable, "-m", "mypy", *settings, "--cache-dir", tmp_path / "cache", "-p", "rag", cwd=tmp_path)
    assert "Success: no issues found" in out
