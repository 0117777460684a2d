"""The encoding of a text in Latin letters that does not say it, by whether its words suit a language.

On short texts charset-normalizer often takes one of these encodings for another, and a euro sign for a letter.
"""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

# Of those that suit equally, the first is taken.
_ENCODINGS = ("cp1254", "cp1252", "cp1250", "cp1257", "iso-8859-2", "mac_roman", "cp850")
_LANGUAGES = [  # the letters beyond ASCII of each; İ counts as i
    set(letters)
    for letters in (
        "äöüß àâæçéèêëîïôœùûüÿ áéíñóúü áâãàçéêíóôõú àèéìîòóù äöåéü æøåéü áðéíóúýþæö çğıiöşüâî äöõüšž áéíóöőúüű "
        "ąćęłńóśźż áčďéěíňóřšťúůýžöü áäčďéíĺľňóôŕšťúýž čćđšž ăâîşţ ąčęėįšųūž āčēģīķļņšūž"
    ).split()
]
_DENSE = 0.06  # the share of characters beyond ASCII from which a text is more than English with foreign names
_ONE_LANGUAGE = 0.2  # what it counts that all words of a dense text are of one language
_JUDGED = 100_000  # characters
_LEAST_LATIN = 0.75  # what names in Cyrillic or Chinese, read as Latin, do not reach
_OTHER_SCRIPT = re.compile(b"[\xc0-\xff]{4}")  # half a word of Cyrillic, or Chinese
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")
_LETTERS = r"[^\W\d_ªº¹²³¼½¾µ]"
_SIGNS = "[€£¥¢§©®™°±²³¹¼½¾×÷•…†‡‰«»‹›„“”‚¡¿ªº¶µ]"
_WORD = re.compile(_LETTERS + "+")
_SIGN = re.compile(f"(?<!{_LETTERS}){_SIGNS}|{_SIGNS}(?!{_LETTERS})|[’‘´·–—\xa0\xad]")  # few stand within a word


def decode_latin(data: bytes) -> str | None:
    """Text with few letters beyond ASCII, in which charset-normalizer often errs; None where they suit no language."""
    if b"\x00" in data or _OTHER_SCRIPT.search(data) or 3 * len(data.translate(None, bytes(range(128)))) > len(data):
        return None
    suiting = {text: _suits(text) for text in _texts(data)}
    best = max(suiting, key=suiting.__getitem__)
    return best if suiting[best] >= _LEAST_LATIN else None


def _suits(text: str) -> float:
    """The share of words and signs beyond ASCII that can be so in some language; more for one, where they are many."""
    text = "\n".join(line for line in text.split("\n") if not line.isascii())[:_JUDGED]
    beyond = _BEYOND_ASCII.findall(text)
    words = Counter(word for word in _WORD.findall(text) if not word.isascii())
    signs = len(_SIGN.findall(text))
    total = words.total() + sum(not _WORD.match(character) for character in beyond)
    fitting = 0
    by_language = [0] * len(_LANGUAGES)
    for word, count in words.items():
        letters = {letter[0] for letter in map(str.lower, word) if not letter.isascii()}
        having = [index for index, language in enumerate(_LANGUAGES) if letters <= language]
        if having and (word[1:].islower() or word.isupper()):
            fitting += count
            for index in having:
                by_language[index] += count
    of_one = max(by_language) + signs if len(beyond) > _DENSE * len(text) else 0
    return (fitting + signs + _ONE_LANGUAGE * of_one) / max(total, 1)


def _texts(data: bytes) -> Iterator[str]:
    for encoding in _ENCODINGS:
        with suppress(UnicodeError):
            yield data.decode(encoding)
