"""How far reading has come: as a bar with bytes of files, their rate, the time left and passages embedded, or told."""

from collections.abc import Callable
from types import TracebackType

Told = bool | Callable[[float], object]  # whether there is a bar on standard error, or who is told the share, 0 to 1


class Progress:
    """A bar over `total` bytes on standard error, or nothing when it is not to be shown, or somebody who is told."""

    def __init__(self, label: str, total: int, *, shown: Told):
        self._label = label
        self._total = total
        self._told = shown if callable(shown) else None
        self._shown = shown is True
        self._passages = 0
        self._done = 0.0

    def __enter__(self) -> "Progress":
        if self._shown:
            from tqdm import tqdm

            self._bar = tqdm(desc=self._label, total=self._total, unit="B", unit_scale=True, leave=False, delay=0.5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            self._bar.close()

    def advance(self, size: float, passages: int = 0) -> None:
        """Move on by `size` bytes of files."""
        self._done += size
        self._passages += passages
        if self._told:
            self._told(min(1.0, self._done / max(self._total, 1)))
        if self._shown:
            elapsed = self._bar.format_dict["elapsed"]
            if self._passages and elapsed:
                self._bar.set_postfix_str(
                    f"{self._passages:,} passages, {self._passages / elapsed:.0f}/s", refresh=False
                )
            self._bar.update(round(self._done) - self._bar.n)
