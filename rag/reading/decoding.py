"""From the scores of tokens to spans of text.

A span's score is start plus end, less the score of "no answer" (start plus end of the first token) of the same window
(Devlin et al. 2019, section 4.3). An answer of several spans is the stretches of words that look like answers (Segal et
al. 2020).
"""

import unicodedata
from dataclasses import replace
from operator import itemgetter
from typing import Any

import numpy as np
import numpy.typing as npt

from .channels import END, INSIDE, START
from .span import Span

Scores = npt.NDArray[np.float32]
Values = npt.NDArray[np.float32]  # one for each word
Stretches = tuple[tuple[int, int], ...]  # the first and the last word of each

LONGEST_ANSWER = 30  # tokens
LISTED = -1.0  # log-odds from which a word speaks for a list; F1 is best below even odds (Lipton et al. 2014)
LISTED_BELOW = 3.0  # or that far below the window's likeliest word
MEMBER = 2.5  # by how much start and end of a member may together fall short of the window's best, its words aside
CANDIDATES = 24  # spans of a window among which those that do not overlap are chosen
SCORE_DIGITS = 3  # scores that differ by less are equal, so that rounding in a batch cannot choose the answer


def best_spans(index: int, passage: str, window: Any, tokens: Scores) -> list[Span]:
    """Spans of one window, best first; more than are wanted, since some will overlap."""
    offsets, starts, ends = window.offsets, tokens[:, START], tokens[:, END]
    no_answer = starts[0] + ends[0]
    inside = _passage_tokens(window)
    ends = np.append(np.where(inside, ends, -np.inf), np.full(LONGEST_ANSWER - 1, -np.inf))
    scores = np.where(inside, starts, -np.inf)[:, None] + np.lib.stride_tricks.sliding_window_view(ends, LONGEST_ANSWER)
    scores -= no_answer
    spans: list[Span] = []
    for flat in np.argsort(-scores, axis=None, kind="stable"):
        first, length = divmod(int(flat), LONGEST_ANSWER)
        score = float(scores[first, length])
        if not np.isfinite(score) or len(spans) == CANDIDATES:
            break
        start, end = offsets[first][0], offsets[first + length][1]
        if _is_whole(passage, start, end):
            spans.append(Span(index, start, end, round(score, SCORE_DIGITS)))
    return spans


def members(index: int, passage: str, window: Any, tokens: Scores) -> list[Span]:
    """The stretches of whole words of one window that together look most like all the answers to a question.

    Each has the log-odds of its words (a word's are the mean of its tokens') less a threshold, the scores of its start
    and of its end less the window's best, and a constant; those are chosen whose sum is largest (Viterbi 1967).
    """
    places = np.flatnonzero(_passage_tokens(window))
    if tokens.shape[1] <= INSIDE or not len(places):
        return []
    offsets = [window.offsets[place] for place in places]
    firsts = [n for n, (start, _) in enumerate(offsets) if n == 0 or not inside_word(passage, start)]
    lasts = [*(first - 1 for first in firsts[1:]), len(places) - 1]
    words = np.add.reduceat(tokens[places, INSIDE], firsts) / np.diff([*firsts, len(places)])
    starts, ends = (np.round(tokens[places, channel], SCORE_DIGITS) for channel in (START, END))
    best = _best_stretches(
        np.round(words - max(LISTED, words.max() - LISTED_BELOW), SCORE_DIGITS),
        (starts - starts.max())[firsts] + MEMBER,
        (ends - ends.max())[lasts],
    )
    spans = [(offsets[firsts[a]][0], offsets[lasts[b]][1]) for a, b in best]
    return [Span(index, start, end, 0.0) for start, end in spans if _is_whole(passage, start, end)]


def _best_stretches(words: Values, starts: Values, ends: Values) -> Stretches:
    """First and last words of the stretches that together score most."""
    chosen: tuple[float, Stretches] = (0.0, ())  # the best choice among the words so far
    opened: tuple[float, Stretches, int] = (-np.inf, (), 0)  # the best whose last stretch, from that word on, goes on
    for n, (word, start, end) in enumerate(zip(words.tolist(), starts.tolist(), ends.tolist(), strict=True)):
        score, before, first = max((chosen[0] + start, chosen[1], n), opened, key=itemgetter(0))
        opened = (score + word, before, first)
        chosen = max(chosen, (opened[0] + end, (*before, (first, n))), key=itemgetter(0))
    return chosen[1]


def merged(spans: list[Span]) -> list[Span]:
    """Spans of one passage in order, those that overlap as one."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start < joined[-1].end:
            joined[-1] = replace(joined[-1], end=max(span.end, joined[-1].end))
        else:
            joined.append(span)
    return joined


def _passage_tokens(window: Any) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = np.array(window.type_ids) == 1
    inside[-1] = False  # the last [SEP]
    return inside


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether a span parts no word and is more than punctuation."""
    says = any(unicodedata.category(character)[0] not in "PZC" for character in text[start:end])
    return says and not inside_word(text, start) and not inside_word(text, end)


def inside_word(text: str, position: int) -> bool:
    """Whether `position` parts a character, a word, or a number such as 8,500, 3.5 or .5, in two."""
    before, after = text[max(0, position - 2) : position], text[position : position + 2]
    if not before or not after:
        return False
    if unicodedata.category(after[0]).startswith("M") or "\u200d" in (before[-1], after[0]):
        return True
    if before[-1].isalnum() and after[0].isalnum():
        return True
    inside_number = before[-1] in ",." and before[:-1].isdigit() and after[0].isdigit()
    inside_number |= before[-1] == "." and after[0].isdigit() and not before[:-1].isalpha()
    return inside_number or (before[-1].isdigit() and after[0] in ",." and after[1:].isdigit())


def apart(spans: list[Span]) -> list[Span]:
    """Spans of one passage, best first, less each that overlaps a better one."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda span: span.rank):
        if all(span.end <= other.start or other.end <= span.start for other in kept):
            kept.append(span)
    return kept
