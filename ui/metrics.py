"""What the server counts, in Prometheus's text format."""

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from rag.library import Library
from rag.values import Answer, EveryAnswer

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """Questions, refusals by reason, latency by stage, and the size of a library."""

    media_type = CONTENT_TYPE_LATEST

    def __init__(self, library: Library):
        self._library = library
        self._registry = CollectorRegistry()
        self._questions = Counter("pincite_questions", "Questions asked.", registry=self._registry)
        self._refusals = Counter("pincite_refusals", "Questions refused.", ["reason"], registry=self._registry)
        self._latency = Histogram(
            "pincite_seconds", "Time by stage.", ["stage"], buckets=_BUCKETS, registry=self._registry
        )
        self._documents = Gauge("pincite_documents", "Documents in the library.", registry=self._registry)
        self._passages = Gauge("pincite_passages", "Passages in the library.", registry=self._registry)

    def answered(self, answer: Answer | EveryAnswer) -> None:
        """Count an answer."""
        self._questions.inc()
        if answer.refusal:
            self._refusals.labels(str(answer.refusal)).inc()
        for stage in ("embed", "dense", "lexical", "read", "rest", "total"):
            self._latency.labels(stage).observe(getattr(answer.timings, stage) / 1000)

    def text(self) -> bytes:
        """All of it."""
        entries = self._library.documents()
        self._documents.set(len(entries))
        self._passages.set(sum(entry.passages for entry in entries))
        return generate_latest(self._registry)
