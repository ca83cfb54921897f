"""The shipped vocabulary as the files of a `transformers` tokenizer."""

from __future__ import annotations

import json

from models.sdxl.text_config import TextRole
from models.sdxl.tokenizer import END, END_ID, START, vocabulary

LENGTH = 77


def tokenizer_files(role: TextRole) -> dict[str, str]:
    """File name -> content, for the tokenizer of one encoder. Encoders differ in what fills a prompt's end."""
    names, merges = vocabulary()
    pad = END if role.pad == END_ID else names[role.pad]
    words = {"bos_token": START, "eos_token": END, "unk_token": END, "pad_token": pad}
    settings = {
        **words,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": True,
        "do_lower_case": True,
        "errors": "replace",
        "model_max_length": LENGTH,
        "tokenizer_class": "CLIPTokenizer",
    }
    pairs = "\n".join(f"{first} {second}" for first, second in merges)
    return {
        "vocab.json": json.dumps({name: number for number, name in enumerate(names)}, ensure_ascii=False),
        "merges.txt": f"#version: 0.2\n{pairs}\n",
        "tokenizer_config.json": json.dumps(settings, indent=2),
        "special_tokens_map.json": json.dumps(words, indent=2),
    }
