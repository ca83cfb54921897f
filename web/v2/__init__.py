"""API v2: the versioned contract that `comfy-sdk` and `@comfyorg/sdk` speak.

Polling is the truth and the event stream an extra; submission can be repeated safely; what is uploaded and what jobs
make are assets: ids over content that the server hashes.
"""
