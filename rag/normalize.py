"""The value that a text stands for, where that is certain: a number, a date, or its own words.

What could be read in two ways (1/2/2022; a surname for a full name) stays as it is written.
"""

import re
import unicodedata
from decimal import Decimal

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_WORDS = {word: value for value, word in enumerate(_SMALL)} | {word: 20 + 10 * i for i, word in enumerate(_TENS)}
_SCALES = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = "|".join(f"{name}|{name[:3]}\\.?|{name[:4]}\\.?" for name in _MONTHS)
_DATES = (
    re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?(?P<month>{_MONTH})(?:,? (?P<year>\d{{4}}))?"),
    re.compile(rf"(?P<month>{_MONTH}) (?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,? (?P<year>\d{{4}}))?"),
    re.compile(rf"(?P<month>{_MONTH}),? (?P<year>\d{{4}})"),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})"),
)
_NUMBER = re.compile(r"(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)")
_UNITS = {"%": "percent", "per cent": "percent", "percent": "percent", "$": "dollars", "€": "euros", "£": "pounds"}
_CURRENCY = re.compile(r"^(?:us)?([$€£]) ?(.+)$")
_ARTICLE = re.compile(r"^(?:the|a|an) ")
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")  # what stands before a number is a minus
_EDGES = " .,;:!?\"'()[]“”‘’«»"


def normalize(text: str) -> str:
    """The value as a text: two texts with equal values say the same thing.

    >>> normalize("24 January 2022") == normalize("January 24th, 2022") == normalize("2022-01-24")
    True
    >>> normalize("$1.5 million") == normalize("1,500,000 dollars")
    True
    """
    plain = unicodedata.normalize("NFKC", text).casefold().strip(_EDGES)
    plain = " ".join(plain.replace("’", "'").replace("–", "-").replace("−", "-").split())
    plain = _ARTICLE.sub("", plain)
    return _date(plain) or _amount(plain) or plain.removesuffix("'s")


def _date(text: str) -> str | None:
    for form in _DATES:
        match = form.fullmatch(text)
        if match:
            parts = match.groupdict()
            month = parts["month"]
            number = (
                int(month)
                if month.isdigit()
                else next(index for index, name in enumerate(_MONTHS, 1) if name.startswith(month.rstrip(".")[:3]))
            )
            day, year = parts.get("day"), parts.get("year")
            return f"date {year or '-'} {number} {int(day) if day else '-'}"
    return None


def _amount(text: str) -> str | None:
    """A number and what is counted, in words or digits."""
    currency = _CURRENCY.match(text)
    if currency:
        text = f"{currency[2]} {_UNITS[currency[1]]}"
    words = _HYPHEN.sub(" ", text.replace("%", " %")).split()
    value, used = _value(words)
    if value is None:
        return None
    unit = " ".join(words[used:])
    unit = _UNITS.get(unit, unit)
    number = f"{value:f}" if used == 1 else f"{value.normalize():f}"  # 1.10 may be a version
    return f"number {number} {unit}".rstrip()


def _value(words: list[str]) -> tuple[Decimal | None, int]:
    """The number at the beginning of some words, and how many of them it takes; None where there is none."""
    total = current = Decimal(0)
    used = 0
    for place, word in enumerate(words):
        match = _NUMBER.fullmatch(word)
        if match and place == 0:
            current = Decimal(match["digits"].replace(",", ""))
        elif word in _WORDS and (place == 0 or words[place - 1] in (*_SCALES, "and", *_TENS)):
            current += _WORDS[word]
        elif word == "hundred" and place:
            current *= 100
        elif word in _SCALES and place:
            total, current = total + current * _SCALES[word], Decimal(0)
        elif word == "and" and place and words[place - 1] in _SCALES and words[place + 1 : place + 2][:1]:
            if words[place + 1] not in _WORDS:
                break
            continue
        else:
            break
        used = place + 1
    return (total + current, used) if used else (None, 0)
