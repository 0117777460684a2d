"""The bar that shows how far reading has come: bytes of files, their rate, the time left, and passages embedded."""

from types import TracebackType


class Progress:
    """A bar over `total` bytes on standard error, or nothing when it is not to be shown."""

    def __init__(self, label: str, total: int, *, shown: bool):
        self._label = label
        self._total = total
        self._shown = shown
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
        if self._shown:
            elapsed = self._bar.format_dict["elapsed"]
            if self._passages and elapsed:
                self._bar.set_postfix_str(
                    f"{self._passages:,} passages, {self._passages / elapsed:.0f}/s", refresh=False
                )
            self._bar.update(round(self._done) - self._bar.n)
