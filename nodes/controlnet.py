"""ControlNets: pictures that steer where things are."""

from typing import Annotated, NamedTuple

from execution.fields import Files, Help, Name, Optional, Socket
from execution.node import Context, NodeInputError, node
from models.adapters.control import Control, Steerer
from models.adapters.control_loading import load_control
from models.checkpoint import CheckpointError
from models.memory import DeviceMemory
from nodes.conditioning import Percent
from nodes.loaders import model_file
from nodes.types import Conditioning, ConditioningValue, Image, Model, Strength, Vae

ControlNet = Annotated[Steerer, Socket("CONTROL_NET")]
ControlNetName = Annotated[str, Files("controlnet"), Help("A file in models/controlnet.")]
Steering = Annotated[ControlNet, Help("The ControlNet that reads the picture.")]
Hint = Annotated[
    Image, Help("What the ControlNet was trained on: edges, depth, a pose ...; cut and resized to the picture's size.")
]
HowMuch = Annotated[Strength, Help("How strongly the picture steers: 1 as trained, 0 not at all.")]


class BothSides(NamedTuple):
    """Prompts, steered by the picture."""

    positive: Annotated[Conditioning, Name("positive")]
    negative: Annotated[Conditioning, Name("negative")]


def load(ctx: Context, name: str, model: Model | None = None) -> Steerer:
    """The ControlNet, Control-LoRA or T2I-Adapter of that name.

    Raises:
        NodeInputError: the file is missing, damaged or of another kind.
    """
    path = model_file(ctx, "controlnet", "control_net_name", name)
    try:
        return load_control(path, ctx.service(DeviceMemory), model)
    except CheckpointError as error:
        raise NodeInputError("control_net_name", str(error)) from error


def steered(conditioning: ConditioningValue, control: Control, *, both: bool) -> ConditioningValue:
    """Copies of all entries that `control` steers as well as what steers them already."""
    return [
        [states, {**options, "control": (*options.get("control", ()), control), "control_apply_to_uncond": both}]
        for states, options in conditioning
    ]


def checked_hint(image: Image) -> Image:
    """The picture's colours, for a grey one three times the same.

    Raises:
        NodeInputError: it has two channels, which are no colours.
    """
    if image.shape[-1] == 1:
        return image.expand(-1, -1, -1, 3)
    if image.shape[-1] < 3:
        raise NodeInputError(
            "image", f"A picture of {image.shape[-1]} channels has no colours. Connect an RGB picture."
        )
    return image[..., :3]


@node("ControlNetLoader", category="loaders", display_name="Load ControlNet Model")
def control_net_loader(*, control_net_name: ControlNetName, ctx: Context) -> ControlNet:
    """Load a ControlNet, a union of several, a Control-LoRA or a T2I-Adapter, which steer a model by a picture."""
    return load(ctx, control_net_name)


@node("DiffControlNetLoader", category="loaders", display_name="Load ControlNet Model (diff)")
def diff_control_net_loader(
    *,
    model: Annotated[Model, Help("The model that the file's differences are added to.")],
    control_net_name: ControlNetName,
    ctx: Context,
) -> ControlNet:
    """Load a ControlNet whose file holds differences to a model's weights. Other files load as they are."""
    return load(ctx, control_net_name, model)


@node("ControlNetApply", category="conditioning/controlnet", display_name="Apply ControlNet (OLD)")
def control_net_apply(
    *,
    conditioning: Annotated[Conditioning, Help("The positive prompts; the negative ones are steered as well.")],
    control_net: Steering,
    image: Hint,
    strength: HowMuch = 1.0,
) -> Conditioning:
    """Let a picture steer prompts through a ControlNet, from the first step to the last."""
    if not strength:
        return conditioning
    return steered(conditioning, Control(control_net, checked_hint(image), strength), both=True)


@node("ControlNetApplyAdvanced", category="conditioning/controlnet", display_name="Apply ControlNet")
def control_net_apply_advanced(
    *,
    positive: Annotated[Conditioning, Help("What the picture should show.")],
    negative: Annotated[Conditioning, Help("What it should not show.")],
    control_net: Steering,
    image: Hint,
    strength: HowMuch = 1.0,
    start_percent: Annotated[Percent, Help("From which share of the denoising on it steers: 0 the noise.")] = 0.0,
    end_percent: Annotated[
        Percent, Help("Up to which share of the denoising it steers: 1 the finished picture.")
    ] = 1.0,
    vae: Annotated[Vae | None, Optional(), Help("Not needed by the ControlNets of Stable Diffusion.")] = None,
) -> BothSides:
    """Let a picture steer prompts through a ControlNet during a part of the denoising. Several in a row add up."""
    del vae
    if not strength:
        return BothSides(positive, negative)
    control = Control(control_net, checked_hint(image), strength, start_percent, end_percent)
    return BothSides(steered(positive, control, both=False), steered(negative, control, both=False))
