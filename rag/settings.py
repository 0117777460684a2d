"""What a library was built with. Opened with anything else, its vectors and offsets would not fit."""

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .chunking import BUDGET, EMBEDDING_VERSION, OVERLAP
from .encoding import SHIPPED
from .errors import LibraryError
from .loading import EXTRACTION_VERSION

if TYPE_CHECKING:
    from .embedding import Embedder


SMALLEST_BUDGET = 4  # what one character may take


@dataclass(frozen=True, slots=True)
class Cutting:
    """How documents are cut: `budget` tokens of `encoding` a chunk, `overlap` sentences repeated in the next."""

    budget: int = BUDGET
    overlap: int = OVERLAP
    encoding: str = SHIPPED

    def __post_init__(self) -> None:
        if not _is_whole(self.budget) or self.budget < SMALLEST_BUDGET:
            raise LibraryError(
                f"A chunk cannot have a budget of {self.budget!r} tokens; give {SMALLEST_BUDGET} or more, "
                "a whole number."
            )
        if not _is_whole(self.overlap) or self.overlap < 0:
            raise LibraryError(f"Chunks cannot overlap by {self.overlap!r} sentences; give 0 or more, a whole number.")


@dataclass(frozen=True, slots=True)
class Settings:
    """All that vectors and offsets depend on, as it is stored in the record."""

    model: str
    model_sha256: str
    dimension: int
    window: int
    budget: int
    overlap: int
    encoding: str
    extraction: int
    embedding: int = 1  # as in libraries from before it was stored

    def __post_init__(self) -> None:
        Cutting(self.budget, self.overlap, self.encoding)  # raises where they are none

    @classmethod
    def of(cls, embedder: "Embedder", cutting: Cutting) -> "Settings":
        """The settings of a library that is built now with these."""
        return cls(
            embedder.name,
            embedder.sha256,
            embedder.dimension,
            embedder.window,
            cutting.budget,
            cutting.overlap,
            cutting.encoding,
            EXTRACTION_VERSION,
            EMBEDDING_VERSION,
        )

    @property
    def cutting(self) -> Cutting:
        """The part that says how documents are cut."""
        return Cutting(self.budget, self.overlap, self.encoding)

    def differences(self, other: "Settings") -> list[str]:
        """What differs, one line each: "budget 128, not 200". The name of a model is not compared, its hash is."""
        mine, others = asdict(self), asdict(other)
        return [f"{key} {mine[key]}, not {others[key]}" for key in mine if key != "model" and mine[key] != others[key]]


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)
