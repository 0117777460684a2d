"""Reading: a question and passages to scored spans, and how sure they are."""

from .confidence import Confidence
from .extractive import SHIPPED_READER, ExtractiveReader
from .span import Reader, Span

__all__ = ["SHIPPED_READER", "Confidence", "ExtractiveReader", "Reader", "Span"]
