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


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "Total: €45,000"),
        ("cp1252", "Section 7 § 2: The tenant pays €900 per month; the deposit is €2,700."),
        ("cp1252", "The letter was signed by Renée Dupont in 1998."),
        ("cp1252", "Witness: José Muñoz, born in Málaga, and Günter Weiß from Århus."),
        ("cp1252", "The minister said: “I didn’t know.” He paid £500 – in cash."),
        ("cp1252", "He worked 3½ days at 5°C. © 2019 Acme™"),
        ("cp1252", "Sehr geehrter Herr Müller,\n\ndie Rechnung über €18.200 wurde genehmigt."),
        ("cp1252", "Le témoin a déclaré que l’accusé était à Besançon le 3 août."),
        ("cp1252", "Åklagaren i Malmö väckte åtal mot två män på torsdagen."),
        ("iso-8859-1", "A decisão não é válida."),
        ("cp1250", "Świadek zeznał, że żółta łódź odpłynęła."),
        ("iso-8859-2", "Świadek zeznał, że żółta łódź odpłynęła."),
        ("iso-8859-2", "Lech Wałęsa mieszka w Gdańsku."),
        ("cp1250", "Svědek řekl, že loď odplula."),
        (
            "cp1250",
            "A miniszter azt mondta, hogy a helyzet súlyos. Az ülés csütörtökön ért véget. Hűvös őszi idő volt.",
        ),
        ("cp1250", "The invoice was approved by Dvořák and Škoda."),
        ("cp1254", "Tanık, geminin battığını söyledi."),
        ("cp1257", "Liudytojas pasakė, kad laivas išplaukė."),
        ("mac_roman", "The minister said: “I didn’t know.” Renée Dupont signed."),
        ("cp850", "Grüße aus Köln, über Müller"),
        ("cp1253", "Ο υπουργός δήλωσε ότι η κατάσταση είναι σοβαρή. Η συνάντηση έληξε την Πέμπτη χωρίς συμφωνία."),
        ("cp1251", "Свидетель сообщил, что видел синий фургон в 7 часов вечера."),
        ("gbk", "The company 北京贸易有限公司 (Beijing Trading) shall pay 5,000 dollars under contract 15."),
        ("shift_jis", "日本の外務大臣は記者会見でその提案について説明しました。"),
        ("utf-16-le", "Renée paid €900 to the captain of the ferry."),
    ],
)
def test_short_text_is_read_in_the_encoding_that_suits_a_language(tmp_path: Path, encoding: str, text: str) -> None:
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
