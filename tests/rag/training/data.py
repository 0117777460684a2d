"""Labelled questions small enough to see through."""

from typing import Any

TEXT = "The bridge opened in 1932."


def squad(questions: list[dict[str, Any]], text: str = TEXT, title: str = "Bridges") -> dict[str, Any]:
    """One paragraph with questions, in SQuAD's JSON."""
    return {"data": [{"title": title, "paragraphs": [{"context": text, "qas": questions}]}]}
