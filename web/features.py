"""What the server can do, as clients ask for it."""

from __future__ import annotations

from typing import Any

from web.site import WebOptions


def server_features(options: WebOptions) -> dict[str, Any]:
    """The feature flags of the server, over HTTP and websocket."""
    return {"supports_preview_metadata": True, "max_upload_size": options.max_upload_bytes}
