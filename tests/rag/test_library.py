"""The library: what is added is found, what is removed is not, and the record decides."""

import multiprocessing
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import Cutting, Library
from rag.derived import INDEX_FILE
from rag.errors import (
    DocumentNotFound,
    EncodingError,
    FileError,
    LibraryDamaged,
    LibraryError,
    LibraryNotFound,
    QuestionError,
    SettingsMismatch,
)
from rag.fakes import WordEmbedder
from rag.intake import Failure
from rag.record import FILE, Record
from rag.risk import Promise


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def found(library: Library, query: str, mode: str = "hybrid") -> list[str]:
    return [passage.chunk.text for passage in library.search(query, 10, mode)]


def embedder_of(library: Library) -> WordEmbedder:
    assert isinstance(library.embedder, WordEmbedder)
    return library.embedder


@pytest.mark.parametrize("mode", ["hybrid", "dense", "lexical"])
def test_what_is_added_is_found_and_what_is_removed_is_not(library: Library, tmp_path: Path, mode: str) -> None:
    papers = write(tmp_path / "papers", a="The ferry sank in May.", b="The tanker left in June.")
    report = library.add(papers)
    assert report.added == (str(papers / "a.txt"), str(papers / "b.txt"))
    assert found(library, "ferry", mode)[0] == "The ferry sank in May."
    library.remove(papers / "a.txt")
    assert "The ferry sank in May." not in found(library, "ferry", mode)


def test_sources_may_be_seen_from_a_folder(library: Library, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.txt").write_text("The bridge opened in 1932.")
    library.add(tmp_path / "papers" / "a.txt", relative_to=tmp_path)
    (entry,) = library.documents()
    assert entry.source == str(Path("papers", "a.txt"))
    assert entry.location == str(tmp_path / "papers" / "a.txt")
    assert library.remove("papers/a.txt").id == entry.id


def test_adding_again_what_has_not_changed_embeds_nothing(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="One.", b="Two.")
    library.add(papers)
    before = embedder_of(library).embedded
    report = library.add(papers)
    assert (len(report.unchanged), report.passages_embedded, embedder_of(library).embedded) == (2, 0, before)


def test_file_that_cannot_be_read_any_more_is_reported_as_kept(library: Library, tmp_path: Path) -> None:
    paper = write(tmp_path / "papers", a="One is here.") / "a.txt"
    library.add(paper)
    paper.write_text("")
    assert library.add(paper).failed == (Failure(str(paper), "it is empty; kept as it was read before"),)
    assert found(library, "One") == ["One is here."]


def test_a_change_embeds_only_the_passages_that_changed(library: Library, tmp_path: Path) -> None:
    text = "# One\n\nFirst words here.\n\n# Two\n\nSecond words here.\n"
    paper = tmp_path / "a.md"
    paper.write_text(text)
    assert library.add(paper).passages_embedded == 2
    paper.write_text(text.replace("Second", "Other"))
    report = library.add(paper)
    assert (report.updated, report.passages_embedded) == ((str(paper),), 1)
    assert sorted(found(library, "words")) == ["First words here.", "Other words here."]


def test_file_that_cannot_be_read_is_reported_and_nothing_of_it_stored(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="Fine words.", empty="")
    (papers / "broken.pdf").write_bytes(b"%PDF-1.7 broken")
    (papers / "photo.png").write_bytes(b"\x89PNG")
    (papers / ".hidden.txt").write_text("hidden")
    report = library.add(papers)
    assert report.added == (str(papers / "a.txt"),)
    assert [failure.source for failure in report.failed] == [str(papers / "broken.pdf"), str(papers / "empty.txt")]
    assert report.failed[1] == Failure(str(papers / "empty.txt"), "it is empty")
    assert report.skipped == (str(papers / "photo.png"),)
    assert [entry.source for entry in library.documents()] == [str(papers / "a.txt")]


def test_path_that_is_not_there_is_an_error_before_anything_is_read(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="Words.")
    with pytest.raises(FileError, match="nowhere"):
        library.add(papers, tmp_path / "nowhere")
    assert library.documents() == []


def test_folder_that_sources_are_seen_from_is_named_where_it_is_not_there(library: Library, tmp_path: Path) -> None:
    paper = write(tmp_path / "papers", a="Words.") / "a.txt"
    with pytest.raises(FileError, match="nowhere': No such file"):
        library.add(paper, relative_to=tmp_path / "nowhere")
    assert library.documents() == []


def test_empty_path_is_not_the_current_folder(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(write(tmp_path / "papers", a="Words."))
    for read in (library.add, library.sync, lambda path: library.add("a.txt", relative_to=path)):
        with pytest.raises(FileError, match="Cannot read '': the path is empty; write '.' for the current folder"):
            read("")
    assert library.documents() == []
    assert library.sync(".").added == ("a.txt",)


def test_sync_adds_updates_and_drops(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", kept="Kept words.", changed="Old words.", gone="Gone words.")
    other = write(tmp_path / "other", elsewhere="Elsewhere words.")
    library.add(papers, other)
    write(papers, changed="New words.", fresh="Fresh words.")
    (papers / "gone.txt").unlink()
    report = library.sync(papers)
    assert [Path(s).stem for s in (*report.added, *report.updated, *report.unchanged, *report.removed)] == [
        "fresh",
        "changed",
        "kept",
        "gone",
    ]
    stems = sorted(Path(entry.source).stem for entry in library.documents())
    assert stems == ["changed", "elsewhere", "fresh", "kept"]
    with pytest.raises(FileError, match="it is no folder"):
        library.sync(papers / "kept.txt")


def test_document_is_removed_by_id_source_or_path(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    papers = write(tmp_path / "papers", a="One.", b="Two.", c="Three.")
    monkeypatch.chdir(tmp_path)
    library.add("papers")
    by_stem = {Path(entry.source).stem: entry for entry in library.documents()}
    assert by_stem["a"].source == "papers/a.txt"
    library.remove(by_stem["a"].id)
    library.remove("papers/b.txt")
    library.remove(papers / "c.txt")
    assert library.documents() == []
    with pytest.raises(DocumentNotFound, match="No document has the id or source 'papers/a.txt'"):
        library.remove("papers/a.txt")


def test_removal_is_seen_at_once_by_another_process_that_had_the_library_open(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="The ferry sank.", b="The tanker left.")
    library.add(papers)
    program = (
        "import sys; from rag import Library; from rag.fakes import WordEmbedder\n"
        f"library = Library.open({str(library.folder)!r}, embedder=WordEmbedder())\n"
        "for _ in sys.stdin: print(len(library.search('ferry', mode='dense')), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdin is not None
        assert other.stdout is not None

        def ask_other() -> int:
            other.stdin.write("\n")
            other.stdin.flush()
            return int(other.stdout.readline())

        assert ask_other() == 2
        library.remove(papers / "a.txt")
        assert ask_other() == 1
        library.add(write(tmp_path / "more", c="The ferry came up.", d="Once more."))
        assert ask_other() == 3
        other.stdin.close()


def state(library: Library) -> object:
    """All that a library answers with, but for when a document was read."""
    queries = ["alpha beta", "gamma", "delta 7"]
    entries = [(e.id, e.title, e.source, e.sha256, e.passages) for e in library.documents()]
    return entries, [library.search(query, 20, mode) for query in queries for mode in ("hybrid", "dense", "lexical")]


WORDS = st.lists(st.sampled_from(["alpha", "beta", "gamma", "delta", "7", "8."]), min_size=1, max_size=12).map(" ".join)
STEPS = st.lists(st.tuples(st.sampled_from("abcde"), WORDS | st.none()), min_size=1, max_size=10)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_add_update_and_remove_in_any_order_equal_building_from_scratch(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str | None]]
) -> None:
    folder = tmp_path_factory.mktemp("any-order")
    papers = write(folder / "papers")
    with Library.open(folder / "grown", embedder=WordEmbedder()) as grown:
        for name, text in steps:
            path = papers / f"{name}.txt"
            if text is not None:
                path.write_text(text)
                grown.add(path)
            elif path.exists():
                path.unlink()
                grown.remove(path)
            grown.search("alpha")
        with Library.open(folder / "scratch", embedder=WordEmbedder()) as scratch:
            scratch.add(papers)
            assert state(grown) == state(scratch)


@pytest.mark.parametrize("damage", ["missing", "damaged", "behind"])
def test_index_file_is_derived_and_made_again_without_embedding(library: Library, tmp_path: Path, damage: str) -> None:
    papers = write(tmp_path / "papers", a="The ferry sank.", b="The tanker left.")
    library.add(papers / "a.txt")
    index = library.folder / INDEX_FILE
    old = index.read_bytes()
    library.add(papers / "b.txt")
    fresh = index.read_bytes()
    wanted = library.search("ferry", mode="dense")
    if damage == "missing":
        index.unlink()
    else:
        index.write_bytes(old if damage == "behind" else fresh[:-3] + b"abc")
    embedder = WordEmbedder()
    with Library.open(library.folder, embedder=embedder) as again:
        assert again.search("ferry", mode="dense") == wanted
    assert embedder.embedded == 1  # the query
    assert index.read_bytes() == fresh


def test_opening_with_other_settings_is_refused_with_the_way_out(library: Library) -> None:
    with pytest.raises(SettingsMismatch, match=r"budget 128, not 64.*pincite index --rebuild --library"):
        Library.open(library.folder, embedder=WordEmbedder(), cutting=Cutting(budget=64))
    with pytest.raises(SettingsMismatch, match="window 256, not 99"):
        Library.open(library.folder, embedder=WordEmbedder(window=99))
    other = WordEmbedder()
    other.sha256 = "1" * 64
    with pytest.raises(SettingsMismatch, match="model_sha256"):
        Library.open(library.folder, embedder=other)


def test_rebuild_takes_new_settings_and_keeps_what_cannot_be_read_any_more(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="One is here. Two is there. Three is far.", b="Gone but kept.")
    library.add(papers)
    (papers / "b.txt").unlink()
    report = Library.rebuild(library.folder, embedder=WordEmbedder(), cutting=Cutting(budget=5, overlap=0))
    assert [failure.source for failure in report.failed] == [str(papers / "b.txt")]
    with Library.open(library.folder, embedder=WordEmbedder()) as again:
        assert again.settings.budget == 5
        assert found(again, "Two")[0] == "Two is there."
        assert found(again, "Gone")[0] == "Gone but kept."
    with pytest.raises(SettingsMismatch, match="built again with other settings"):
        library.search("Two")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"budget": 3}, "budget of 3"),
        ({"budget": 50.5}, "budget of 50.5 tokens; give 4 or more, a whole number"),
        ({"budget": float("nan")}, "budget of nan"),
        ({"budget": float("inf")}, "budget of inf"),
        ({"budget": "128"}, "budget of '128'"),
        ({"overlap": -1}, "overlap by -1"),
        ({"overlap": 1.5}, "overlap by 1.5 sentences; give 0 or more, a whole number"),
        ({"overlap": True}, "overlap by True"),
    ],
)
def test_cutting_that_cannot_be_is_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(LibraryError, match=message):
        Cutting(**wrong)


def test_folder_without_a_library_is_named_with_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(LibraryNotFound, match=rf"{tmp_path}.*pincite index PATH --library {tmp_path}"):
        Library.open(tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []


def test_commands_in_messages_can_be_pasted_whatever_the_folder_is_called(tmp_path: Path) -> None:
    folder = tmp_path / 'Ada\'s "own" $HOME'
    wanted = ["--library", str(folder)]
    with pytest.raises(LibraryNotFound) as missing:
        Library.open(folder, create=False)
    assert shlex.split(str(missing.value).split("`")[1]) == ["pincite", "index", "PATH", *wanted]
    Library.open(folder, embedder=WordEmbedder()).close()
    with pytest.raises(SettingsMismatch) as mismatch:
        Library.open(folder, embedder=WordEmbedder(), cutting=Cutting(budget=64))
    assert shlex.split(str(mismatch.value).split("`")[1]) == ["pincite", "index", "--rebuild", *wanted]


@pytest.mark.parametrize("content", [b"garbage" * 999, None])
def test_damaged_record_is_said_to_be_damaged(tmp_path: Path, content: bytes | None) -> None:
    if content is None:
        with closing(sqlite3.connect(tmp_path / FILE)) as connection:
            connection.execute("CREATE TABLE other (x)")
    else:
        (tmp_path / FILE).write_bytes(content)
    with pytest.raises(LibraryDamaged, match="is damaged or no library.*pincite index"):
        Library.open(tmp_path, embedder=WordEmbedder())


def test_library_cut_short_is_said_to_be_damaged(library: Library, tmp_path: Path) -> None:
    library.add(write(tmp_path / "papers", **{f"p{n}": f"Paper {n} says {n}. " * 50 for n in range(20)}))
    library.close()
    record = library.folder / FILE
    with closing(sqlite3.connect(record)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    record.write_bytes(record.read_bytes()[:30_000])
    with (
        pytest.raises(LibraryDamaged, match="is damaged"),
        Library.open(library.folder, embedder=WordEmbedder()) as cut,
    ):
        cut.documents()
        cut.search("paper")


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(LibraryError, match="Cannot make a library in .*file"):
        Library.open(tmp_path / "file" / "library", embedder=WordEmbedder())


def test_first_commit_that_never_came_leaves_no_library_and_no_damage(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / FILE).close()
    (tmp_path / FILE).touch()
    with pytest.raises(LibraryNotFound):
        Library.open(tmp_path, create=False)
    with Library.open(tmp_path, embedder=WordEmbedder()) as library:
        assert library.documents() == []


def test_two_documents_with_the_same_text_stay_two(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="The same words.", b="The same words.")
    report = library.add(papers)
    assert report.passages_embedded == 2  # their titles differ
    passages = library.search("same words")
    assert len({passage.chunk.document_id for passage in passages}) == 2
    assert [passage.chunk.text for passage in passages] == ["The same words."] * 2


def test_a_file_given_twice_is_read_once(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="Words.")
    assert library.add(papers, papers / "a.txt", papers).added == (str(papers / "a.txt"),)


def test_empty_library_finds_nothing(library: Library) -> None:
    assert [library.search("x", 5, mode) for mode in ("hybrid", "dense", "lexical")] == [[], [], []]
    with pytest.raises(QuestionError):
        library.search("x", 5, "other")


def test_view_goes_on_seeing_what_was_there_when_it_was_opened(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="The ferry sank.", b="The tanker left.")
    library.add(papers)
    with library.view() as view:
        library.remove(papers / "a.txt")
        library.search("ferry")  # moves the index on
        assert [p.chunk.text for p in view.search("ferry")] == ["The ferry sank.", "The tanker left."]


def test_view_that_is_over_says_so(library: Library, tmp_path: Path) -> None:
    library.add(write(tmp_path / "papers", a="The ferry sank."))
    with library.view() as view:
        (entry,) = view.entries()
        view.document(entry.id)
    uses = (
        lambda: view.search("ferry"),
        lambda: view.document(entry.id),
        lambda: view.generation,
        lambda: view.promise,
        view.entries,
        lambda: view.passages(entry.id),
        lambda: view.location(entry.id),
    )
    for _ in range(2):
        for use in uses:
            with pytest.raises(LibraryError, match="This view of the library is over"):
                use()
        library.close()


def test_a_promise_is_behind_once_the_documents_changed(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="The ferry sank.")
    library.add(papers)
    promise = Promise(0.5, 0.05, 0.05, 100, 90, 0, "0" * 64, "2026-01-01", "1" * 64, ())

    def is_behind() -> bool:
        with library.view() as view:
            return view.is_promise_behind

    assert not is_behind()
    library.keep_promise(promise)
    library.add(papers)  # changes nothing
    assert not is_behind()
    library.add(write(papers, b="The tanker left."))
    assert is_behind()
    with closing(sqlite3.connect(library.folder / FILE)) as connection:  # as stored before this was noted
        connection.execute("DELETE FROM meta WHERE key = 'promised_at'")
        connection.commit()
    assert not is_behind()
    with library.view() as view:
        assert view.promise == promise
    library.keep_promise(promise)
    assert not is_behind()
    library.remove(papers / "b.txt")
    assert is_behind()


def test_what_was_promised_is_forgotten_where_the_settings_change(library: Library, tmp_path: Path) -> None:
    library.add(write(tmp_path / "papers", a="The ferry sank."))
    promise = Promise(0.5, 0.05, 0.05, 100, 90, 0, "0" * 64, "2026-01-01", "1" * 64, ())
    library.keep_promise(promise)
    for cutting, kept in ((None, promise), (Cutting(budget=8), None)):
        Library.rebuild(library.folder, embedder=WordEmbedder(), cutting=cutting)
        with Library.open(library.folder, embedder=WordEmbedder()) as again, again.view() as view:
            assert view.promise == kept


def test_title_and_headings_are_searched_too(library: Library, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: Harbour annals\n---\n# Ferries\n\nNothing happened.\n")
    library.add(tmp_path / "a.md")
    assert found(library, "harbour", "lexical") == ["Nothing happened."]
    assert found(library, "ferries", "lexical") == ["Nothing happened."]


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=60) | st.text('ab"*^:()-+OR ', max_size=20))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_can_be_searched_for(library: Library, query: str) -> None:
    if query.strip():
        assert library.search(query) == []


def test_query_that_cannot_be_searched_for_is_an_error(library: Library) -> None:
    with pytest.raises(QuestionError, match="half of a surrogate pair"):
        library.search("\ud800")
    with pytest.raises(QuestionError, match="is empty or no text"):
        library.search(" ")
    wrong: tuple[Any, ...] = (0, 2.5, "3", True, None, float("nan"))
    for k in wrong:
        with pytest.raises(QuestionError, match=f"Cannot find {k!r} passages"):
            library.search("word", k)
    assert library.search("word", 10**30) == []
    with pytest.raises(QuestionError, match="has 302 tokens, the embedding model takes 256"):
        library.search("word " * 300)
    assert library.search("word " * 300, mode="lexical") == []


def test_file_whose_name_is_no_text_is_reported(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="Words.")
    name = os.fsencode(papers) + b"/caf\xe9.txt"
    try:
        Path(os.fsdecode(name)).write_text("Words.")
    except OSError:
        return  # this file system takes no such name
    report = library.add(papers)
    assert len(report.added) == 1
    assert [failure.reason for failure in report.failed] == [
        "its name, or that of its folder, is no valid text; rename it"
    ]


def test_how_much_is_done_can_be_told(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="The mill.", b="The bridge was opened and closed again.")
    told: list[float] = []
    library.add(papers, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1)


def test_processes_that_make_a_library_at_once_share_it(tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", **{f"p{n}": f"Paper {n}." for n in range(6)})
    program = (
        "import sys; from rag import Library; from rag.fakes import WordEmbedder\n"
        "with Library.open(sys.argv[1], embedder=WordEmbedder()) as library: library.add(sys.argv[2])"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "shared")]
    children = [subprocess.Popen([*arguments, str(papers / f"p{n}.txt")]) for n in range(6)]
    assert [child.wait() for child in children] == [0] * 6
    with Library.open(tmp_path / "shared", embedder=WordEmbedder()) as library:
        assert len(library.documents()) == 6
        assert len(library.search("paper", 10, "dense")) == 6


def test_records_made_at_the_same_moment_are_one(tmp_path: Path) -> None:
    fresh = multiprocessing.get_context("spawn")
    moment = fresh.Barrier(6)
    children = [fresh.Process(target=_make_records, args=(tmp_path, moment)) for _ in range(6)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 6


def _make_records(folder: Path, moment: Barrier) -> None:
    for number in range(60):
        moment.wait(60)
        Record.create(folder / str(number), {}).close()


def test_sync_drops_a_link_that_is_gone_and_a_file_that_became_a_folder(library: Library, tmp_path: Path) -> None:
    other = write(tmp_path / "other", f="Linked words.")
    papers = write(tmp_path / "papers", a="Own words.")
    (papers / "link.txt").symlink_to(other / "f.txt")
    (papers / "links").symlink_to(other)
    (papers / "loop.txt").symlink_to(papers / "loop.txt")
    report = library.sync(papers)
    assert len(report.added) == 2
    assert report.skipped == (str(papers / "links"),)
    assert [failure.source for failure in report.failed] == [str(papers / "loop.txt")]
    (papers / "link.txt").unlink()
    (papers / "a.txt").unlink()
    (papers / "a.txt").mkdir()
    assert len(library.sync(papers).removed) == 2
    assert library.documents() == []


@pytest.mark.parametrize("path", ["x" * 300, "a\0b", "nowhere"])
def test_path_that_cannot_be_is_an_error_of_ours(library: Library, tmp_path: Path, path: str) -> None:
    with pytest.raises(FileError):
        library.add(tmp_path / path)
    with pytest.raises(FileError):
        library.sync(tmp_path / path)
    with pytest.raises(DocumentNotFound):
        library.remove(tmp_path / path)
    with pytest.raises(LibraryError):
        Library.open(tmp_path / path, create=False)


def test_rebuild_keeps_a_document_whose_folder_moved_behind_a_link(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="The ferry sank.")
    library.add(papers)
    papers.rename(tmp_path / "moved")
    papers.symlink_to(tmp_path / "moved")
    report = Library.rebuild(library.folder, embedder=WordEmbedder())
    assert (len(report.updated), report.failed) == (1, ())
    assert len(library.documents()) == 1


def test_files_in_the_library_s_folder_move_with_it(library: Library, tmp_path: Path) -> None:
    given = write(library.folder / "uploads", a="The ferry sank.") / "a.txt"
    elsewhere = write(tmp_path / "papers", b="The crew was safe.")
    library.add(given, elsewhere)
    library.close()
    library.folder.rename(tmp_path / "moved")
    with Library.open(tmp_path / "moved", embedder=WordEmbedder()) as moved:
        places = {Path(entry.location) for entry in moved.documents()}
        assert places == {tmp_path / "moved" / "uploads" / "a.txt", elsewhere / "b.txt"}
        with moved.view() as view:
            assert {Path(view.location(entry.id)) for entry in view.entries()} == places
        report = moved.add(tmp_path / "moved" / "uploads" / "a.txt")
        assert (len(report.unchanged), len(moved.documents())) == (1, 2)
    assert Library.rebuild(tmp_path / "moved", embedder=WordEmbedder()).failed == ()


def test_a_file_that_changed_in_a_moved_library_is_the_same_document(library: Library, tmp_path: Path) -> None:
    library.add(write(library.folder / "uploads", a="The ferry sank."))
    (entry,) = library.documents()
    library.close()
    library.folder.rename(tmp_path / "moved")
    write(tmp_path / "moved" / "uploads", a="The ferry was raised.")
    with Library.open(tmp_path / "moved", embedder=WordEmbedder()) as moved:
        assert len(moved.add(tmp_path / "moved" / "uploads").updated) == 1
        assert [one.id for one in moved.documents()] == [entry.id]
        assert found(moved, "ferry") == ["The ferry was raised."]


def test_a_copied_library_holds_its_own_file_and_that_of_the_other(library: Library, tmp_path: Path) -> None:
    library.add(write(library.folder / "uploads", a="The ferry sank."))
    library.close()
    shutil.copytree(library.folder, tmp_path / "copy")
    with Library.open(tmp_path / "copy", embedder=WordEmbedder()) as copy:
        copy.add(library.folder / "uploads")
        assert len({one.id for one in copy.documents()}) == 2
        assert {Path(one.location) for one in copy.documents()} == {
            tmp_path / "copy" / "uploads" / "a.txt",
            library.folder / "uploads" / "a.txt",
        }
        assert len(copy.add(library.folder / "uploads").unchanged) == 1


def test_a_library_behind_a_link_and_two_dots_is_the_one_the_system_finds(tmp_path: Path) -> None:
    (tmp_path / "real" / "inside").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "inside")
    for _ in range(2):
        with Library.open(tmp_path / "link" / ".." / "lib", embedder=WordEmbedder()):
            assert (tmp_path / "real" / "lib" / FILE).is_file()
            assert not (tmp_path / "lib").exists()


def test_library_from_before_sentences_were_embedded_is_built_again(library: Library, tmp_path: Path) -> None:
    library.add(write(tmp_path / "papers", a="The ferry sank. Nobody drowned."))
    library.close()
    with closing(sqlite3.connect(library.folder / FILE)) as connection:
        connection.execute("UPDATE meta SET value = json_remove(value, '$.embedding') WHERE key = 'settings'")
        connection.execute("UPDATE chunks SET vector = substr(vector, 1, 4 * 256)")
        connection.commit()
    with pytest.raises(SettingsMismatch, match=r"embedding 1, not 2.*pincite index --rebuild --library"):
        Library.open(library.folder, embedder=WordEmbedder())
    assert Library.rebuild(library.folder, embedder=WordEmbedder()).passages_embedded == 1
    with Library.open(library.folder, embedder=WordEmbedder()) as again:
        assert again.search("ferry", mode="dense")[0].chunk.text.startswith("The ferry sank.")


def test_a_sentence_leads_to_its_passage_whatever_else_stands_there(library: Library, tmp_path: Path) -> None:
    other = " ".join(f"Number {n} is about boats and nets and tides." for n in range(6))
    library.add(write(tmp_path / "papers", a=f"{other} The ferry sank.", b="The ferry came late, and boats and nets."))
    best, second = library.search("the ferry sank", mode="dense")
    assert best.chunk.text.endswith("The ferry sank.")
    assert best.score > second.score


def test_unknown_encoding_leaves_no_library(tmp_path: Path) -> None:
    with pytest.raises(EncodingError):
        Library.open(tmp_path / "new", embedder=WordEmbedder(), cutting=Cutting(encoding="nope"))
    assert not (tmp_path / "new").exists()


def test_library_built_again_meanwhile_is_left_alone(library: Library, tmp_path: Path) -> None:
    papers = write(tmp_path / "papers", a="The ferry sank.")
    library.add(papers)
    Library.rebuild(library.folder, embedder=WordEmbedder(), cutting=Cutting(budget=64))
    for call in (lambda: library.remove(papers / "a.txt"), library.index_recall, lambda: library.search("ferry")):
        with pytest.raises(SettingsMismatch, match="built again"):
            call()
    with Library.open(library.folder, embedder=WordEmbedder()) as again:
        assert len(again.documents()) == 1


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM meta WHERE key = 'stamp'",
        "UPDATE documents SET title = CAST(x'ff' AS TEXT)",
        "UPDATE meta SET value = '{'",
        "UPDATE chunks SET vector = x'0011'",
        "UPDATE documents SET metadata = '{'",
        "UPDATE documents SET pages = '['",
        "UPDATE documents SET pages = '[1]'",
        "UPDATE documents SET metadata = '[1]'",
        "DROP TABLE chunks",
        "DROP TABLE words",
        "DELETE FROM words",
        "UPDATE meta SET value = '{}' WHERE key = 'settings'",
        "UPDATE meta SET value = '[]' WHERE key = 'settings'",
        "UPDATE meta SET value = replace(value, '128', '\"a\"') WHERE key = 'settings'",
        "INSERT INTO meta VALUES ('promise', '[1]')",
        "INSERT INTO meta VALUES ('promise', '{\"x\": 1}')",
        "INSERT INTO meta VALUES ('promised_at', 'x')",
    ],
)
def test_record_with_wrong_contents_is_said_to_be_damaged(library: Library, tmp_path: Path, change: str) -> None:
    library.add(write(tmp_path / "papers", a="The ferry sank."))
    (library.folder / INDEX_FILE).unlink()
    with closing(sqlite3.connect(library.folder / FILE)) as connection:
        connection.execute(change)
        connection.commit()
    with (
        pytest.raises(LibraryDamaged, match="is damaged or no library.*Put back a copy"),
        Library.open(library.folder, embedder=WordEmbedder()) as again,
        again.view() as view,
    ):
        view.search("ferry")
        view.entries()
        assert view.promise


def test_library_in_a_folder_that_one_may_only_read_answers(library: Library, tmp_path: Path) -> None:
    library.add(write(tmp_path / "papers", a="The ferry sank."))
    library.close()
    record = library.folder / FILE
    with closing(sqlite3.connect(record)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    program = (
        "import os, sys; from rag import Library; from rag.fakes import WordEmbedder; import rag.record\n"
        "os.access = lambda path, mode: mode != os.W_OK  # as for a user without the right; root has every right\n"
        "library = Library.open(sys.argv[1], create=False, embedder=WordEmbedder())\n"
        "print(len(library.search('ferry')))\n"
        "again = 'import sys; from rag import Library; from rag.fakes import WordEmbedder;'\n"
        "again += 'Library.open(sys.argv[1], embedder=WordEmbedder()).add(sys.argv[2])'\n"
        "import subprocess; subprocess.run([sys.executable, '-c', again, *sys.argv[1:]], check=True)\n"
        "print(len(library.search('ferry')))"
    )
    write(tmp_path / "papers", b="Another ferry sank.")
    before = {path.name for path in library.folder.iterdir()}
    papers = str(tmp_path / "papers")
    done = subprocess.run([sys.executable, "-c", program, library.folder, papers], capture_output=True, text=True)
    assert done.stdout == "1\n2\n", done.stderr
    assert {path.name for path in library.folder.iterdir()} == before


def test_library_stays_the_same_where_the_program_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("The bridge opened in 1932.")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with Library.open("mine", embedder=WordEmbedder()) as library:
        monkeypatch.chdir(tmp_path / "elsewhere")
        library.add(tmp_path / "a.txt")
        assert len(library.documents()) == 1
        assert library.search("bridge")[0].chunk.text == "The bridge opened in 1932."
    assert (tmp_path / "mine" / "library.sqlite").is_file()
    assert list((tmp_path / "elsewhere").iterdir()) == []
