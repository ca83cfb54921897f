"""PhotoMaker: a person's picture in a prompt."""

from typing import Annotated

from execution.fields import Files, Help, Mentions, Multiline
from execution.node import Context, NodeInputError, node
from models.checkpoint import CheckpointError
from models.memory import DeviceMemory
from models.vision.photomaker import load_photomaker
from nodes.loaders import model_file
from nodes.text import encode
from nodes.types import Clip, Conditioning, Image
from nodes.vision.types import PhotoMaker

TRIGGER = "photomaker"


@node("PhotoMakerLoader", category="_for_testing/photomaker")
def photo_maker_loader(
    *,
    photomaker_model_name: Annotated[str, Files("photomaker"), Help("A file in models/photomaker: PhotoMaker v1.")],
    ctx: Context,
) -> PhotoMaker:
    """Load PhotoMaker, which draws a person from a picture on SDXL. Its LoRA is loaded by LoraLoader."""
    path = model_file(ctx, "photomaker", "photomaker_model_name", photomaker_model_name)
    try:
        return load_photomaker(path, ctx.service(DeviceMemory))
    except CheckpointError as error:
        raise NodeInputError("photomaker_model_name", str(error)) from error


@node("PhotoMakerEncode", category="_for_testing/photomaker")
def photo_maker_encode(
    *,
    photomaker: Annotated[PhotoMaker, Help("PhotoMaker.")],
    image: Annotated[Image, Help("The person's picture; of a batch the first.")],
    clip: Annotated[Clip, Help("The text encoders of an SDXL base checkpoint.")],
    text: Annotated[
        str,
        Multiline(dynamic_prompts=True),
        Mentions("embeddings"),
        Help('The prompt, in which "photomaker" follows the word that the person stands for ("man photomaker").'),
    ] = "photograph of photomaker",
    ctx: Context,
) -> Conditioning:
    """Turn a prompt into conditioning in which a word is the person of a picture."""
    without, place = placed(text)
    (states, options), *_ = encode(clip, lambda: clip.tokenize(without), {}, ctx)
    if place is None:
        ctx.warn(f'The prompt has no word "{TRIGGER}", so the picture does not count. Write it after the person.')
        return [[states, options]]
    if place >= states.shape[1]:
        raise NodeInputError("text", f'"{TRIGGER}" comes too late in the prompt. Move it to the beginning.')
    try:
        return [[photomaker.merged(states, place, image), options]]
    except ValueError as error:
        raise NodeInputError("clip", str(error)) from error


def placed(text: str) -> tuple[str, int | None]:
    """The prompt without the trigger word, and the token that the person replaces: that of the word before it.

    Words are counted, one token for each, with the start token before the first; that is what saved workflows rely on.
    Without the word: None.
    """
    words = text.split(" ")
    if TRIGGER not in words:
        return text, None
    number = words.index(TRIGGER)
    return " ".join([*words[:number], *words[number + 1 :]]), number
