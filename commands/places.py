"""Where the files that come with Weft lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAIN = ROOT / "main.py"
BUNDLED = ROOT / "models" / "bundled"
TEMPLATES = ROOT / "templates"
