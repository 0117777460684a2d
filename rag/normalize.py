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
_NUMBER = re.compile(r"(?P<digits>[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|(?:0|[1-9]\d*)(?:\.\d+)?)")  # 007 is a name
_SHORT_UNIT = 3  # letters: mW is not MW
_UNITS = {"%": "percent", "per cent": "percent", "percent": "percent", "$": "dollars", "€": "euros", "£": "pounds"}
_CURRENCY = re.compile(r"^(?:us)?([$€£]) ?(.+)$")
_ARTICLE = re.compile(r"^(?:the|a|an) ")
_HYPHEN = re.compile(r"(?<=\w)-(?=\w)")  # what stands before a number is a minus
_EDGES = " .,;:!?\"'()[]“”‘’«»"
_AS_WRITTEN = re.compile(r"^\W*\.\d|[⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉]")  # .5 is not 5, 10⁶ not 106
_FEET_AND_INCHES = re.compile(r"^[^\"'“‘]*\d *['\"′″]")


def normalize(text: str) -> str:
    """The value as a text: two texts with equal values say the same thing.

    >>> normalize("24 January 2022") == normalize("January 24th, 2022") == normalize("2022-01-24")
    True
    >>> normalize("$1.5 million") == normalize("1,500,000 dollars")
    True
    """
    if _AS_WRITTEN.search(text) or _FEET_AND_INCHES.match(text):
        return " ".join(text.split())
    cased = unicodedata.normalize("NFKC", text).strip(_EDGES)
    cased = " ".join(cased.replace("’", "'").replace("–", "-").replace("−", "-").split())
    plain = _ARTICLE.sub("", cased.casefold())
    return _date(plain) or _amount(plain, cased) or plain.removesuffix("'s")


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


def _amount(text: str, cased: str) -> str | None:
    """A number and what is counted, in words or digits; `cased` is the text before its capitals were lost."""
    currency = _CURRENCY.match(text)
    if currency:
        text = f"{currency[2]} {_UNITS[currency[1]]}"
    words = _HYPHEN.sub(" ", text.replace("%", " %")).split()
    value, used = _value(words)
    if value is None:
        return None
    unit = " ".join(words[used:])
    unit = cased[-len(unit) :] if unit.isalpha() and len(unit) <= _SHORT_UNIT else _UNITS.get(unit, unit)
    number = f"{value:f}" if used == 1 else f"{value.normalize():f}"  # 1.10 may be a version
    return f"number {number} {unit}".rstrip()


def _value(words: list[str]) -> tuple[Decimal | None, int]:
    """The number at the beginning of some words, and how many of them it takes; None where there is none.

    A ten is followed by one to nine only, thousand by nothing larger; what reads otherwise is no number, or ends it.
    """
    total = current = Decimal(0)
    used, last = 0, max(_SCALES.values()) * 10
    for place, word in enumerate(words):
        before = words[place - 1] if place else ""
        match = _NUMBER.fullmatch(word)
        if match and not place:
            current = Decimal(match["digits"].replace(",", ""))
        elif word in _WORDS and (not place or before in (*_SCALES, "and") or (before in _TENS and _is_digit(word))):
            current += _WORDS[word]
        elif word == "hundred" and place and current < 100:
            current *= 100
        elif word in _SCALES and place:
            if not current or _SCALES[word] >= last:
                return None, 0
            total, current, last = total + current * _SCALES[word], Decimal(0), _SCALES[word]
        elif word == "and" and before in _SCALES and _ends_a_number(words[place + 1 :]):
            continue
        else:
            break
        used = place + 1
    return (total + current, used) if used else (None, 0)


def _is_digit(word: str) -> bool:
    return 0 < _WORDS[word] < 10


def _ends_a_number(words: list[str]) -> bool:
    """Whether words begin with a number below 100, after which no scale comes: "and two", not "and two hundred"."""
    both = len(words) > 1 and words[0] in _TENS and words[1] in _WORDS and _is_digit(words[1])
    after = words[2 if both else 1 :]
    return bool(words) and words[0] in _WORDS and not (after and after[0] in _SCALES)
