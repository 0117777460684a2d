"""The page of a PDF as an image, with boxes for a quote."""

import hashlib
import io
import random
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from rag.errors import FileError, QuestionError
from rag.loading import load
from rag.loading.pdf import char_indexes, opened, page_text
from rag.pages import Box, PageImage, page_image
from rag.values import Document

Draw = Callable[[Canvas], object]


def pdf(path: Path, *pages: Draw, size: tuple[float, float] = (400, 300)) -> Document:
    """The document in a file that is made of pages (points from the bottom left)."""
    canvas = Canvas(str(path), pagesize=size)
    for draw in pages:
        canvas.setFont("Helvetica", 20)
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return load(path)


def say(canvas: Canvas, x: float, y: float, text: str, black: str = "") -> None:
    """A line whose words are so light that they do not count as ink, but for those in `black`."""
    before, _, after = text.partition(black) if black else (text, "", "")
    line = canvas.beginText(x, y)
    for part, grey in ((before, 0.9), (black, 0), (after, 0.9)):
        line.setFillGray(grey)
        line.textOut(part)
    canvas.drawText(line)


def shown(path: Path, document: Document, quote: str, number: int = 1, width: int = 800) -> PageImage:
    start = document.text.index(quote)
    return page_image(document, path, number, start, start + len(quote), width=width)


def picture(image: PageImage) -> Image.Image:
    return Image.open(io.BytesIO(image.png))


def ink(image: PageImage) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what is black, in pixels."""
    bounds = picture(image).convert("L").point(lambda grey: 255 if grey < 100 else 0).getbbox()
    assert bounds
    return bounds


def pixels(image: PageImage, box: Box) -> tuple[float, float, float, float]:
    return box.left * image.width, box.top * image.height, box.right * image.width, box.bottom * image.height


def margins(image: PageImage, box: Box) -> tuple[float, float, float, float]:
    """How many pixels the box reaches beyond the ink: left, top, right, bottom."""
    (left, top, right, bottom), (ink_left, ink_top, ink_right, ink_bottom) = pixels(image, box), ink(image)
    return ink_left - left, ink_top - top, right - ink_right, bottom - ink_bottom


@pytest.mark.parametrize("crop", [None, (60, 50, 390, 280)], ids=["whole", "cropped"])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_box_holds_the_ink_of_the_quote_and_little_more(
    tmp_path: Path, rotation: int, crop: tuple[int, int, int, int] | None
) -> None:
    def draw(canvas: Canvas) -> None:
        if rotation in (90, 270):
            canvas.setPageSize((300, 400))  # as shown; in the file it is 400 by 300 all the same
        canvas.setPageRotation(rotation)
        if crop:
            canvas.setCropBox(crop)
        say(canvas, 70, 230, "The harbour was closed for long", "closed")
        say(canvas, 70, 200, "and opened in the spring of 1931")

    document = pdf(tmp_path / "a.pdf", draw)
    image = shown(tmp_path / "a.pdf", document, "closed")
    wide, high = (crop[2] - crop[0], crop[3] - crop[1]) if crop else (400, 300)
    if rotation in (90, 270):
        wide, high = high, wide
    assert (image.width, image.height) == (800, pytest.approx(800 * high / wide, abs=1))
    assert picture(image).size == (image.width, image.height)
    (box,) = image.boxes
    pixel = 800 / wide  # of a point
    left, top, right, bottom = margins(image, box)
    before, above, after, below = {
        0: (left, top, right, bottom),
        90: (top, right, bottom, left),
        180: (right, bottom, left, top),
        270: (bottom, left, top, right),
    }[rotation]
    assert -1 <= before <= 2 * pixel
    assert -1 <= after <= 2 * pixel
    assert -1 <= above <= 6 * pixel
    assert 2 * pixel <= below <= 8 * pixel  # "closed" has nothing below the line


def test_each_line_of_a_quote_has_its_box(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(50, 230, "It was closed for nine")
        canvas.drawString(50, 206, "long days in 1931.")

    document = pdf(tmp_path / "a.pdf", draw)
    image = shown(tmp_path / "a.pdf", document, "nine\nlong days")
    first, second = image.boxes
    assert first.left > 0.5 > second.right
    assert second.left == pytest.approx(50 / 400, abs=0.001)
    assert first.bottom <= second.top < first.bottom + 0.05
    assert first.bottom - first.top == pytest.approx(second.bottom - second.top, abs=0.001)


def test_word_that_a_hyphen_parts_has_two_boxes(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(50, 230, "The long inter-")
        canvas.drawString(50, 206, "national talks failed.")

    document = pdf(tmp_path / "a.pdf", draw)
    assert document.text == "The long international talks failed."
    first, second = shown(tmp_path / "a.pdf", document, "international").boxes
    assert first.left > 0.3
    assert second.left == pytest.approx(50 / 400, abs=0.001)
    assert second.top >= first.bottom


def test_text_after_a_hyphen_and_line_ends_has_the_right_box(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        say(canvas, 50, 260, "One line")
        say(canvas, 50, 236, "and the inter-")
        say(canvas, 50, 212, "national talks")
        say(canvas, 50, 188, "about peace failed", "peace")

    document = pdf(tmp_path / "a.pdf", draw)
    image = shown(tmp_path / "a.pdf", document, "peace")
    (box,) = image.boxes
    left, top, right, bottom = margins(image, box)
    assert all(-1 <= margin <= 4 for margin in (left, right))
    assert all(-1 <= margin <= 20 for margin in (top, bottom))


def test_raised_figures_stay_in_the_box_of_their_line(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        line = canvas.beginText(50, 230)
        for size, rise, text in ((20, 0, "an area of 40 m"), (12, 8, "2"), (20, 0, " or more")):
            line.setFont("Helvetica", size)
            line.setRise(rise)
            line.textOut(text)
        canvas.drawText(line)

    document = pdf(tmp_path / "a.pdf", draw)
    assert document.text == "an area of 40 m2\n or more"  # for PDFium, a line ends there
    assert len(shown(tmp_path / "a.pdf", document, "40 m2\n or").boxes) == 1


@pytest.mark.parametrize("rotation", [0, 90])
@pytest.mark.parametrize("turn", [90, -90])
def test_text_set_sideways_has_one_box_for_each_line(tmp_path: Path, turn: int, rotation: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageRotation(rotation)
        canvas.translate(200, 200)
        canvas.rotate(turn)
        canvas.drawString(-100, 0, "It was closed for nine")
        canvas.drawString(-100, -24, "long days in the year 1931.")

    document = pdf(tmp_path / "a.pdf", draw, size=(400, 400))
    image = page_image(document, tmp_path / "a.pdf", 1, 0, len(document.text), width=800)
    assert len(image.boxes) == 2
    boxes = [pixels(image, box) for box in image.boxes]
    for left, top, right, bottom in boxes:
        thickness, length = sorted((right - left, bottom - top))
        assert 40 <= thickness <= 48
        assert length > 350
    corner, other = (min(b[i] for b in boxes) for i in (0, 1)), (max(b[i] for b in boxes) for i in (2, 3))
    around = Box(*(edge / 800 for edge in (*corner, *other)))
    assert all(-1 <= margin <= 12 for margin in margins(image, around))


@pytest.mark.parametrize("slope", [-2, -1, 1, 2])
def test_lines_that_are_not_level_have_a_box_each(tmp_path: Path, slope: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(300, 400)
        canvas.rotate(slope)
        canvas.setFont("Times-Roman", 10)
        for number in range(4):
            words = "the committee has decided that the annual budget of the harbour will be cut by a tenth"
            canvas.drawString(-240, -12 * number, f"{number} {words}")

    document = pdf(tmp_path / "a.pdf", draw, size=(595, 842))
    image = page_image(document, tmp_path / "a.pdf", 1, 0, len(document.text))
    assert len(image.boxes) == 4
    assert all(box.right - box.left > 0.5 for box in image.boxes)


def test_short_line_right_below_another_has_its_own_box(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(50, 230, "Tons")
        canvas.drawString(50, 206, "5,400")

    document = pdf(tmp_path / "a.pdf", draw)
    assert len(page_image(document, tmp_path / "a.pdf", 1, 0, len(document.text)).boxes) == 2


def test_what_stands_between_two_columns_is_in_no_box(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(50, 230, "Ships")
        canvas.drawString(300, 230, "Tons")

    document = pdf(tmp_path / "a.pdf", draw)
    first, second = page_image(document, tmp_path / "a.pdf", 1, 0, len(document.text)).boxes
    assert first.right < 0.3
    assert second.left == pytest.approx(300 / 400, abs=0.001)


UNUSUAL = {  # how the letters of one font are to be read
    "A": "D83DDE00",  # 😀, two units of UTF-16
    "B": "00660066",  # one glyph for two letters
    "C": "000D",
    "D": "0003",  # which PDFium leaves out of the text
    "E": "0000",
    "F": "D83D",  # half of a pair
}


def unusual_pdf(path: Path, content: str) -> Document:
    """A page with the content given, whose font F reads capital letters as in UNUSUAL."""
    pairs = "".join(f"<{ord(letter):02X}> <{code}>\n" for letter, code in UNUSUAL.items())
    reading = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def 1 "
        f"begincodespacerange <00> <FF> endcodespacerange {len(UNUSUAL)} beginbfchar\n{pairs}endbfchar endcmap end end"
    )
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 400 300]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        f"<</Length {len(content)}>>stream\n{content}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding/ToUnicode 6 0 R>>",
        f"<</Length {len(reading)}>>stream\n{reading}\nendstream",
    ]
    body = "".join(f"{number} 0 obj\n{value}\nendobj\n" for number, value in enumerate(objects, 1))
    path.write_text(f"%PDF-1.4\n{body}trailer<</Size 7/Root 1 0 R>>\n%%EOF")
    return load(path)


def test_every_character_is_found_where_pdfium_has_it(tmp_path: Path) -> None:
    content = "BT /F 14 Tf 50 250 Td (xAyBzCwDvEuFt) Tj 0 -20 Td (AAA in-) Tj 0 -20 Td (nar A) Tj 0 -20 Td (last) Tj ET"
    document = unusual_pdf(tmp_path / "a.pdf", content)
    assert document.text == "x😀yffz\nwv-u\ufffdt\n😀😀😀 in-nar 😀\nlast"
    with opened((tmp_path / "a.pdf").read_bytes()) as file:
        text_page = file[0].get_textpage()
        text = page_text(text_page)
        indexes = char_indexes(text_page, 0, len(text))
        assert text == document.text
        first_line = [0, 1, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15]
        assert indexes == [*first_line, 17, 19, 21, *range(23, 32), 33, *range(35, 39)]
        assert char_indexes(text_page, 15, 18) == indexes[15:18]
        for character, index in zip(text, indexes, strict=True):
            units = 2 if character == "😀" else 1
            there = text_page.get_text_range(index, units, errors="replace")
            assert there == character or (character, there) in {("\n", "\r"), ("-", "\ufffe")}


def test_characters_that_take_two_units_or_none_do_not_shift_the_box(tmp_path: Path) -> None:
    content = (
        "BT /F 20 Tf 50 250 Td 0.9 g (xAAyBzCwDDvEuFt) Tj 0 -30 Td (AA the ) Tj 0 g (harbour) Tj 0.9 g ( lay A) Tj ET"
    )
    document = unusual_pdf(tmp_path / "a.pdf", content)
    image = shown(tmp_path / "a.pdf", document, "harbour")
    (box,) = image.boxes
    left, top, right, bottom = margins(image, box)
    assert all(-1 <= margin <= 4 for margin in (left, right))
    assert all(-1 <= margin <= 20 for margin in (top, bottom))


def test_quote_has_boxes_on_its_own_pages_only(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    document = pdf(path, lambda c: c.drawString(50, 230, "One page."), lambda c: c.drawString(90, 230, "Another."))
    first, second = document.pages
    assert page_image(document, path, 2, first.start, first.end).boxes == ()
    assert page_image(document, path, 1, second.start, second.end).boxes == ()
    over_both = [page_image(document, path, n, 4, len(document.text)) for n in (1, 2)]
    assert [(image.number, image.of, len(image.boxes)) for image in over_both] == [(1, 2, 1), (2, 2, 1)]
    assert over_both[0].boxes == shown(path, document, "page.", 1, 900).boxes
    assert over_both[1].boxes[0].left == pytest.approx(90 / 400, abs=0.001)


def test_blanks_have_no_box(tmp_path: Path) -> None:
    document = pdf(tmp_path / "a.pdf", lambda c: c.drawString(50, 230, "One page."))
    assert shown(tmp_path / "a.pdf", document, " ").boxes == ()
    assert page_image(document, tmp_path / "a.pdf", 1, 2, 2).boxes == ()


def test_what_is_cropped_away_has_no_box(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setCropBox((0, 0, 400, 200))
        canvas.drawString(50, 230, "Outside.")
        canvas.drawString(50, 100, "Inside.")

    document = pdf(tmp_path / "a.pdf", draw)
    assert shown(tmp_path / "a.pdf", document, "Outside").boxes == ()
    assert len(shown(tmp_path / "a.pdf", document, "Inside").boxes) == 1


def test_page_that_now_reads_otherwise_has_no_boxes(tmp_path: Path) -> None:
    document = pdf(tmp_path / "a.pdf", lambda c: c.drawString(50, 230, "The harbour."))
    read_before = replace(document, text="The  arbour.")
    assert page_image(read_before, tmp_path / "a.pdf", 1, 0, 3).boxes == ()


def test_file_that_changed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    document = pdf(path, lambda c: c.drawString(50, 230, "Before."))
    pdf(path, lambda c: c.drawString(50, 230, "After."))
    with pytest.raises(FileError, match="changed since it was read; read it again with `pincite index`") as raised:
        page_image(document, path, 1, 0, 1)
    assert str(path) in str(raised.value)


def test_file_that_is_gone_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    document = pdf(path, lambda c: c.drawString(50, 230, "Before."))
    path.unlink()
    with pytest.raises(FileError, match="No such file.*`pincite index`") as raised:
        page_image(document, path, 1, 0, 1)
    assert raised.value.path == path


def test_file_that_is_broken_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    document = pdf(path, lambda c: c.drawString(50, 230, "Before."))
    path.write_bytes(b"%PDF-1.4\nbroken")
    with pytest.raises(FileError, match="the PDF is broken") as raised:
        page_image(replace(document, sha256=hashlib.sha256(path.read_bytes()).hexdigest()), path, 1, 0, 1)
    assert raised.value.path == path


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_page_that_is_not_there_is_refused(tmp_path: Path, number: int) -> None:
    document = pdf(tmp_path / "a.pdf", *[lambda c: c.drawString(50, 230, "Words.")] * 2)
    with pytest.raises(QuestionError, match=rf"no page {number} in .*a\.pdf.*; it has the pages 1 to 2"):
        page_image(document, tmp_path / "a.pdf", number, 0, 1)


def test_document_without_pages_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Words.")
    with pytest.raises(QuestionError, match="has no pages, as only a PDF has"):
        page_image(load(tmp_path / "a.txt"), tmp_path / "a.txt", 1, 0, 1)


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2), (0, 7)])
def test_span_that_is_not_there_is_refused(tmp_path: Path, start: int, end: int) -> None:
    document = pdf(tmp_path / "a.pdf", lambda c: c.drawString(50, 230, "Words."))
    with pytest.raises(QuestionError, match=rf"no quote from {start} to {end} .* 0 to 6"):
        page_image(document, tmp_path / "a.pdf", 1, start, end)


@pytest.mark.parametrize(("width", "size"), [(500, (500, 375)), (1, (200, 150)), (9000, (3000, 2250))])
def test_width_is_as_asked_within_bounds(tmp_path: Path, width: int, size: tuple[int, int]) -> None:
    document = pdf(tmp_path / "a.pdf", lambda c: c.drawString(50, 230, "Words."))
    image = page_image(document, tmp_path / "a.pdf", 1, 0, 5, width=width)
    assert (image.width, image.height) == picture(image).size == size


def test_page_that_is_far_too_high_is_narrower(tmp_path: Path) -> None:
    document = pdf(tmp_path / "a.pdf", lambda c: c.drawString(10, 9000, "Words."), size=(100, 10_000))
    image = page_image(document, tmp_path / "a.pdf", 1, 0, 5)
    assert (image.width, image.height) == (40, 4000)
    assert image.boxes[0].left == pytest.approx(0.1, abs=0.001)
    assert image.boxes[0].bottom == pytest.approx(0.1, abs=0.001)


def test_page_of_text_is_stored_in_shades_of_grey(tmp_path: Path) -> None:
    words = random.Random(1).choices("the of committee budget reserve harbour winter annual council".split(), k=700)

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Times-Roman", 10)
        for line in range(60):
            canvas.drawString(50, 790 - 12 * line, " ".join(words[12 * line : 12 * line + 12]))

    document = pdf(tmp_path / "a.pdf", draw, size=(595, 842))
    image = page_image(document, tmp_path / "a.pdf", 1, 0, 5)
    assert picture(image).mode == "L"
    assert len(image.png) < 200_000


def test_few_colours_are_kept_and_a_photograph_is_reduced(tmp_path: Path) -> None:
    spots = Image.frombytes("RGB", (60, 80), random.Random(1).randbytes(60 * 80 * 3))
    photograph = ImageReader(spots.resize((300, 400), Image.Resampling.BICUBIC))

    def plain(canvas: Canvas) -> None:
        canvas.setFillColorRGB(1, 0, 0)
        canvas.rect(100, 100, 50, 50, stroke=0, fill=1)

    def colourful(canvas: Canvas) -> None:
        canvas.drawImage(photograph, 0, 0, 300, 400)
        canvas.drawString(50, 50, "Words.")

    document = pdf(tmp_path / "a.pdf", plain, colourful, size=(300, 400))
    few, many = (page_image(document, tmp_path / "a.pdf", number, 0, 0) for number in (1, 2))
    assert (picture(few).mode, picture(few).getpixel((375, 825))) == ("RGB", (255, 0, 0))
    assert picture(many).mode == "P"
    assert len(many.png) < 600_000


def test_what_was_filled_into_a_form_is_on_the_image(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        say(canvas, 50, 230, "Name:")
        canvas.acroForm.textfield(value="HARBOUR", x=150, y=200, width=150, height=60, fontSize=30, borderWidth=0)

    document = pdf(tmp_path / "a.pdf", draw)
    left, top, right, bottom = ink(shown(tmp_path / "a.pdf", document, "Name"))
    assert 300 <= left < right <= 600
    assert 80 <= top < bottom <= 200


def test_one_thread_at_a_time_uses_pdfium(tmp_path: Path) -> None:
    document = pdf(tmp_path / "a.pdf", lambda c: c.drawString(50, 230, "Words."))
    images: list[PageImage] = []
    other = threading.Thread(target=lambda: images.append(page_image(document, tmp_path / "a.pdf", 1, 0, 5)))
    with opened((tmp_path / "a.pdf").read_bytes()):
        other.start()
        other.join(0.3)
        assert not images
    other.join(30)
    assert len(images) == 1
