"""Prompts that change while a picture is drawn."""

from typing import Annotated

import torch

from execution.fields import Help, Mentions, Multiline, Optional, Range, Socket
from execution.node import Context, NodeInputError, WithUi, node
from models.prompting.errors import PromptError
from models.prompting.joining import prompts_of
from models.prompting.schedule import Span, boundary, schedule
from models.sdxl.text import Clip as ClipHandle
from nodes.text import encode
from nodes.types import Clip, Conditioning, ConditioningValue

Sigmas = Annotated[torch.Tensor | None, Socket("SIGMAS"), Optional()]


@node("WeftPromptSchedule", category="conditioning/prompts", display_name="Prompt schedule (A1111 syntax)")
def prompt_schedule(
    *,
    clip: Annotated[Clip, Help("The text encoders of the checkpoint.")],
    text: Annotated[
        str,
        Multiline(),
        Mentions("embeddings"),
        Help(
            "[from:to:0.5] changes after half of the steps, [to:8] adds after 8, [from::8] removes, [a|b] alternates. "
            "BREAK begins another chunk of tokens, AND another prompt that is followed as well (:0.5 weighs it)."
        ),
    ] = "",
    steps: Annotated[int, Range(1, 10_000), Help("As many steps as the sampler does.")] = 20,
    sigmas: Annotated[
        Sigmas, Help("The sampler's noise levels, in place of `steps`: exact for every scheduler.")
    ] = None,
    ctx: Context,
) -> WithUi[Conditioning]:
    """Encode a prompt whose words change from step to step, each text for the steps that it holds for."""
    total = steps if sigmas is None else max(len(sigmas) - 1, 1)
    weaken = clip.weighting != "comfy"
    made: ConditioningValue = []
    told: list[str] = []
    try:
        for prompt in prompts_of(text):
            spans = schedule(prompt.text, total, weaken=weaken)
            made += _encoded(clip, spans, total, sigmas, prompt.weight, ctx)
            told += [f"{span.first + 1}-{span.end}: {span.text}" for span in spans]
    except PromptError as error:
        raise NodeInputError("text", str(error)) from error
    return WithUi(made, {"text": ["\n".join(told)]})


def _encoded(
    clip: ClipHandle, spans: list[Span], steps: int, sigmas: torch.Tensor | None, weight: float, ctx: Context
) -> ConditioningValue:
    """The spans' texts, each read once however often it comes back."""
    read: dict[str, ConditioningValue] = {}
    made: ConditioningValue = []
    for span in spans:
        if span.text not in read:
            text = span.text
            read[text] = encode(clip, lambda text=text: clip.tokenize_chunked(text), {}, ctx)
        when = {} if (span.first, span.end) == (0, steps) else _when(span, steps, sigmas)
        strength = {} if weight == 1.0 else {"strength": weight}
        made += [[states, {**options, **when, **strength}] for states, options in read[span.text]]
    return made


def _when(span: Span, steps: int, sigmas: torch.Tensor | None) -> dict[str, object]:
    """The options that say when a span holds."""
    if sigmas is None:
        return {"start_percent": boundary(span.first, steps), "end_percent": boundary(span.end, steps)}
    levels = [float(level) for level in sigmas]
    first = float("inf") if span.first == 0 else (levels[span.first - 1] + levels[span.first]) / 2
    last = 0.0 if span.end >= steps else (levels[span.end - 1] + levels[span.end]) / 2
    return {"weft_sigmas": (first, last)}
