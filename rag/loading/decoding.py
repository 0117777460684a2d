"""Bytes to text: the encoding is found, line ends become `\\n` once, and nothing else is changed."""

import codecs
import re

from .latin import decode_latin

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = re.compile("\r\n?")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_STRAY = 8  # control characters that any text may hold
_MOST_CONTROL = 0.01  # beyond those, the share of them that makes a file a binary


class NotText(ValueError):
    """The bytes are no text in any encoding that is known."""


def decode(data: bytes, declared: str | None = None) -> str:
    """The text of `data`, line ends normalized and a byte order mark dropped.

    A mark decides; then the encoding that the file declares, then UTF-8, then the one in which the text suits a
    language in Latin letters, then what charset-normalizer finds. In UTF-8 with a few broken bytes these become U+FFFD,
    and the rest stays what it is. Raises NotText.
    """
    return normalize_line_ends(_decode(data, declared))


def normalize_line_ends(text: str) -> str:
    """`text` with every `\\r\\n` and `\\r` as `\\n`."""
    return _LINE_END.sub("\n", text)


def _decode(data: bytes, declared: str | None) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            text = _attempt(data[len(mark) :], encoding)
            if text is None:
                raise NotText(f"it begins with the byte order mark of {encoding} but is not {encoding}")
            return _checked(text)
    for encoding in filter(None, (declared, "utf-8")):
        text = _attempt(data, encoding)
        if text is not None and "\x00" not in text:  # UTF-16 without a mark is valid UTF-8 full of NULs
            return _checked(text)
    text = _nearly_utf8(data) or decode_latin(data) or _detect(data)
    if text is None:
        raise NotText("it is a binary file, or text in an encoding that is not known")
    return _checked(text)


def _attempt(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except (UnicodeError, LookupError):
        return None


def _nearly_utf8(data: bytes) -> str | None:
    """UTF-8 that was cut in a character or had a stray byte put in: what it says besides is no accident."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    intact = len(text) - broken - sum(map(str.isascii, text))
    return text if intact > 2 * broken and "\x00" not in text else None


def _detect(data: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(data).best()
    return None if best is None else str(best)


def _checked(text: str) -> str:
    if "\x00" in text or len(_CONTROL.findall(text)) > _STRAY + _MOST_CONTROL * len(text):
        raise NotText("it is a binary file")
    return text
