"""From the scores of tokens to spans of text.

A span's score is start plus end, less the score of "no answer" (start plus end of the first token) of the same window
(Devlin et al. 2019, section 4.3). An answer of several spans is the runs of words that look like answers (Segal et al.
2020).
"""

import unicodedata
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from .channels import END, INSIDE, START
from .span import Span

Scores = npt.NDArray[np.float32]

LONGEST_ANSWER = 30  # tokens
LISTED = -0.5  # log-odds of a word of a list; F1 is best with a threshold below even odds (Lipton et al. 2014)
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
        if not inside_word(passage, start) and not inside_word(passage, end):
            spans.append(Span(index, start, end, round(score, SCORE_DIGITS)))
    return spans


def runs(index: int, passage: str, window: Any, tokens: Scores) -> list[Span]:
    """Whole words of one window that look like answers, by the mean of their tokens; each run of them a span."""
    places = np.flatnonzero(_passage_tokens(window))
    if tokens.shape[1] <= INSIDE or not len(places):
        return []
    offsets = [window.offsets[place] for place in places]
    firsts = [n for n, (start, _) in enumerate(offsets) if n == 0 or not inside_word(passage, start)]
    words = [*firsts, len(places)]  # word n has the tokens from words[n] to words[n + 1]
    means = np.add.reduceat(tokens[places, INSIDE], firsts) / np.diff(words)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], means > LISTED, [False]]).astype(int)))
    spans = [(offsets[words[a]][0], offsets[words[b] - 1][1]) for a, b in edges.reshape(-1, 2)]
    whole = [(start, end) for start, end in spans if not inside_word(passage, start) and not inside_word(passage, end)]
    return [Span(index, start, end, 0.0) for start, end in whole]


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
