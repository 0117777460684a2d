"""Files to documents: one file a format, the kind told by content."""

from .files import EXTRACTION_VERSION, MAX_FILE_BYTES, SUFFIXES, document_id, load, locate, parse, read_bytes

__all__ = ["EXTRACTION_VERSION", "MAX_FILE_BYTES", "SUFFIXES", "document_id", "load", "locate", "parse", "read_bytes"]
