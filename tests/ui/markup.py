"""HTML as a browser reads it, to see what became of a text that is put into it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from hypothesis import strategies as st

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "</div></article></section><b>",
    "&lt;b&gt; &amp;amp; &#60;i&#62; &copy",
    "<!-- ]]> -->",
    "<svg/onload=alert(1)>",
    "[x](javascript:alert(1)) **b** `c` $d$ {{e}} ${f}",
)
HARMLESS = "Qqq"

markup = st.lists(
    st.sampled_from(["<", ">", "&", '"', "'", "/", "=", "<b>", "</p>", "<!--", "-->", "&lt;", "&#39;", "onclick=", " "])
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=5),
    min_size=1,
    max_size=12,
).map(lambda parts: f"x{''.join(parts)}x")


@dataclass(slots=True)
class Element:
    """A tag with its attributes, and all text inside of it."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass(slots=True)
class Read:
    """What a browser makes of HTML: `elements` in the order in which they begin, and all of the `text`."""

    elements: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """The elements with a tag, and with attributes (`data_do` for `data-do`, `class_` for `class`)."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self.elements if e.tag == tag and wanted.items() <= e.attributes.items()]

    def one(self, tag: str, **attributes: str) -> Element:
        """The only one of them."""
        (element,) = self.all(tag, **attributes)
        return element


def read(html: str) -> Read:
    """The elements and the text of HTML in which every tag is closed by its own."""
    parser = _Parser()
    parser.feed(html)
    parser.close()
    assert not parser.open, f"not closed: {[element.tag for element in parser.open]}"
    return parser.read


def put_in(html: Callable[[str], str], text: str) -> None:
    """Asserts that a text changes nothing in HTML but itself: the elements are those around a harmless word, and the
    text stands wherever that word stands, in what is read and in the values of attributes."""
    assert HARMLESS in html(HARMLESS)
    found, wanted = read(html(text)), read(html(HARMLESS))
    assert found.text == wanted.text.replace(HARMLESS, text)
    assert [element.tag for element in found.elements] == [element.tag for element in wanted.elements]
    for element, expected in zip(found.elements, wanted.elements, strict=True):
        values = {name: value.replace(HARMLESS, text) for name, value in expected.attributes.items()}
        assert element.attributes == values


class _Parser(HTMLParser):
    _ALONE = ("br", "img", "meta")

    def __init__(self) -> None:
        super().__init__()
        self.read = Read()
        self.open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(dict(attrs)) == len(attrs), f"an attribute twice in <{tag}>: {attrs}"
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.read.elements.append(element)
        if tag not in self._ALONE:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.text += data
        if not any(element.tag == "style" for element in self.open):
            self.read.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        assert decl == "doctype html"

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")

    def handle_pi(self, data: str) -> None:
        raise AssertionError(f"an instruction: {data}")
