"""Hypernetworks: small files that change what a model looks at."""

from typing import Annotated

from execution.fields import Files, Help, Range
from execution.node import Context, NodeInputError, node
from models import types as handles
from models.checkpoint import CheckpointError
from models.patches.hypernetwork import Hypernetwork
from models.patches.hypernetwork_file import read_hypernetwork
from nodes.loaders import model_file
from nodes.model_patches.guidance import Guided
from nodes.types import Model


def _widths(model: handles.Model) -> set[int]:
    """How wide the tokens are that this model's attention looks at."""
    config = model.config
    depths = (*config.transformer_depth, config.middle_depth)
    channels = (mult * config.model_channels for mult in (*config.channel_mult, config.channel_mult[-1]))
    return {width for width, depth in zip(channels, depths, strict=True) if depth} | {config.context_dim}


@node("HypernetworkLoader", category="loaders", display_name="HypernetworkLoader")
def hypernetwork_loader(
    *,
    model: Guided,
    hypernetwork_name: Annotated[str, Files("hypernetworks"), Help("A file in models/hypernetworks.")],
    strength: Annotated[float, Range(-10, 10, step=0.01), Help("How strongly it counts: 1 as trained.")] = 1.0,
    ctx: Context,
) -> Model:
    """Put a hypernetwork on a model: an older way than LoRAs of teaching it a style or a subject."""
    if not strength:
        return model
    path = model_file(ctx, "hypernetworks", "hypernetwork_name", hypernetwork_name)
    try:
        networks = read_hypernetwork(path, model.dtype)
    except CheckpointError as error:
        raise NodeInputError("hypernetwork_name", str(error)) from error
    there, fitting = networks.widths(), networks.widths() & _widths(model)
    if not fitting:
        raise NodeInputError(
            "hypernetwork_name",
            f"{hypernetwork_name} is for tokens {_listed(there)} wide, this model's are {_listed(_widths(model))}. "
            "Choose a hypernetwork that was made for this kind of model.",
        )
    if model.config.context_dim not in there or len(fitting) < len(there):
        ctx.warn(
            f"{hypernetwork_name} fits this model in part: {len(fitting)} of {len(there)} widths occur in it "
            f"({_listed(there)} in the file, {_listed(_widths(model))} in the model)."
        )
    return model.with_tweak("HypernetworkLoader", network=(Hypernetwork(networks, strength, model.memory),))


def _listed(widths: set[int]) -> str:
    return ", ".join(map(str, sorted(widths)))
