"""The texts that a file of ours carries: the prompt that made it, and what an editor sent along."""

import json
import re
from collections.abc import Mapping
from typing import Any

PNG_KEYWORD = re.compile(r"[\x20-\x7e\xa1-\xff]{1,79}")


def embedded_texts(prompt: Mapping[str, Any] | None, extra: Mapping[str, Any] | None) -> dict[str, str]:
    """What a file that we save carries: the API prompt and each entry of extra_pnginfo, as ASCII JSON.

    Entries whose name a PNG cannot hold (more than 79 characters, or not Latin-1) are left out.
    """
    texts = {} if prompt is None else {"prompt": json.dumps(prompt)}
    named = {name: json.dumps(value) for name, value in (extra or {}).items() if PNG_KEYWORD.fullmatch(name)}
    return texts | named
