"""Plain text and Markdown to documents."""

from pathlib import Path

import pytest

from rag.corpora import shipped_corpus
from rag.loading import load
from rag.values import Heading

from .make import write


def test_shipped_article_has_front_matter_headings_and_its_whole_text() -> None:
    path = shipped_corpus() / "ukraine-standoff-2022.md"
    document = load(path)
    assert document.text == path.read_text(encoding="utf-8")
    assert document.title == "The January 2022 standoff over Ukraine"
    assert document.metadata["date"] == "2022-01-26"
    assert document.metadata["language"] == "en"
    assert [h.title for h in document.headings][:3] == [document.title, "Troops and ships", "What was said"]
    assert document.text[document.body_start :].lstrip().startswith("# The January")


def test_line_ends_are_normalized_before_offsets_are_counted(tmp_path: Path) -> None:
    assert load(write(tmp_path, "a.txt", b"one\r\ntwo\rthree\n")).text == "one\ntwo\nthree\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1251", "shift_jis", "big5"])
def test_text_is_read_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    text = {
        "cp1251": "Дипломаты встретились в Женеве, чтобы обсудить положение. Они ни о чём не договорились. " * 4,
        "shift_jis": "日本の外務大臣は記者会見でその提案について説明しました。合意はありませんでした。" * 4,
        "big5": "外交官在日內瓦會面討論軍隊問題。他們沒有達成任何協議。會談在一月結束。" * 4,
    }.get(encoding, "Łódź naïve “quotes” — 日本 😀 e\u0301\n")
    assert load(write(tmp_path, "a.txt", text.encode(encoding))).text == text


def test_unicode_is_kept_as_it_is(tmp_path: Path) -> None:
    text = "e\u0301 \u00e9 \ufb01 \u00a0 \u200b \u212b"
    assert load(write(tmp_path, "a.txt", text)).text == text


def test_markdown_headings_are_spans_and_code_is_no_heading(tmp_path: Path) -> None:
    text = "Title\n=====\n\n```\n# no heading\n```\n## A *b* `c` ##\ntext\n"
    document = load(write(tmp_path, "a.md", text))
    assert document.headings == (
        Heading(1, "Title", 0, 11),
        Heading(2, "A b c", text.index("##"), text.index("\ntext")),
    )
    assert document.title == "Title"


def test_front_matter_that_is_no_yaml_is_text(tmp_path: Path) -> None:
    document = load(write(tmp_path, "a.md", "---\n[unclosed\n---\nWords.\n"))
    assert (document.body_start, document.metadata, document.title) == (0, {}, "a")


def test_front_matter_keeps_what_is_flat(tmp_path: Path) -> None:
    text = "---\ntitle: T\ntags: [a, b]\ndeep: {x: [1]}\n---\nWords.\n"
    assert load(write(tmp_path, "a.md", text)).metadata == {"title": "T", "tags": "a, b"}


def test_a_broken_byte_leaves_the_rest_of_a_utf_8_file_as_it_is(tmp_path: Path) -> None:
    whole = "Łódź is the city’s name, they say – in Polish."
    cut = write(tmp_path, "cut.txt", (whole + " Łódź").encode()[:-1])
    assert load(cut).text == whole + " Łód\ufffd"
    western = write(tmp_path, "western.txt", ("Das Café ist schön. " * 20).encode("cp1252"))
    assert load(western).text == "Das Café ist schön. " * 20
