"""The page to ask in: the conversation, the place of a quote beside it, and what the library holds."""

from .assets import STYLE
from .layout import page

__all__ = ["STYLE", "page"]
