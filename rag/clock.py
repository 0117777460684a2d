"""How long each stage of a question took."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from .values import Timings


class Clock:
    """Adds up milliseconds by stage, from when it was made."""

    def __init__(self) -> None:
        self._begun = perf_counter()
        self._spent: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        begun = perf_counter()
        try:
            yield
        finally:
            self._spent[stage] = self._spent.get(stage, 0.0) + (perf_counter() - begun) * 1000

    def timings(self) -> Timings:
        """What was spent until now; a stage that was not entered took 0."""
        total = (perf_counter() - self._begun) * 1000
        stages = {stage: self._spent.get(stage, 0.0) for stage in ("embed", "dense", "lexical", "read")}
        return Timings(**stages, rest=total - sum(stages.values()), total=total)
