"""What all front ends answer alike."""

from __future__ import annotations

NO_CACHE = {"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "0"}
