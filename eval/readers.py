"""`python -m rag.eval.readers FOLDER`: the figures of readers on public question sets, side by side.

FOLDER holds `squad2-dev-a.json.gz` and `multispanqa-a.json.gz`, on which nothing is trained or fitted.
"""

from pathlib import Path
from statistics import fmean

import click

from rag.assistant import Assistant
from rag.corpora import shipped_corpus
from rag.labelled import read_labelled
from rag.library import Library
from rag.reading import SHIPPED_READER, ExtractiveReader

from .calibration import calibration_error, judge_in_library
from .figures import figures as figures_of
from .questions import read_questions
from .reader import given_figures, list_figure
from .rows import rows_of
from .run import run

ARTICLE = Path(__file__).parent / "sets" / "article.jsonl"
FIRST = "first"  # the tag of the forty questions that were there first


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--reader",
    "readers",
    multiple=True,
    default=[SHIPPED_READER],
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A reader's folder, or several.  [default: the one that ships]",
)
@click.option(
    "--every",
    default=1,
    show_default=True,
    type=click.IntRange(1),
    help="Only every so-many-th paragraph, for a quick look.",
)
def main(folder: Path, readers: tuple[Path, ...], every: int) -> None:
    """Print the figures of each reader, from 0 to 1, one column each. All of it takes about half an hour a reader.

    FOLDER holds `squad2-dev-a.json.gz` and `multispanqa-a.json.gz`, SQuAD's JSON.
    """
    columns = [figures(ExtractiveReader(reader), folder, every) for reader in readers]
    click.echo("".join([f"{'':<48}", *(f"{reader.name[-14:]:>16}" for reader in readers)]))
    for name in columns[0]:
        click.echo("".join([f"{name:<48}", *(f"{column[name]:>16.3f}" for column in columns)]))


def figures(reader: ExtractiveReader, folder: Path, every: int = 1) -> dict[str, float]:
    """All figures of one reader by name, on every so-many-th paragraph."""
    paragraphs = read_labelled([folder / "squad2-dev-a.json.gz"]).paragraphs[::every]
    found = {f"squad2-dev-a, {name}": value for name, value in given_figures(reader, paragraphs).items()}
    judged = judge_in_library(reader, paragraphs)
    found["squad2-dev-a as a library, HasAns F1"] = fmean(one.f1 for one in judged if one.answerable)
    found["squad2-dev-a as a library, calibration error"] = calibration_error(judged)
    lists = read_labelled([folder / "multispanqa-a.json.gz"]).paragraphs[::every]
    found["multispanqa-a, partial-match F1"] = list_figure(reader, lists)
    return found | _on_the_article(reader)


def _on_the_article(reader: ExtractiveReader) -> dict[str, float]:
    import tempfile

    with tempfile.TemporaryDirectory() as folder, Library.open(folder) as library:
        library.add(shipped_corpus())
        rows = rows_of(run(Assistant(library, reader), read_questions(ARTICLE)))
    first = figures_of([row for row in rows if FIRST in row.tags])
    return {
        "article, HasAns F1 of the first 40 questions": first["HasAns F1"].value,
        "article, refused without an answer, of the first 40": first["NoAns F1"].value,
    }


if __name__ == "__main__":
    main()
