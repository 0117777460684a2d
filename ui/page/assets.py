"""What the browser gets beside the HTML."""

from pathlib import Path

_HERE = Path(__file__).parent
STYLE = _HERE / "page.css"
SCRIPT = (_HERE / "page.js").read_text(encoding="utf-8")
