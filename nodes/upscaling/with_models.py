"""Enlarging pictures with networks made for it."""

from typing import Annotated

from execution.fields import Files, Help, Socket
from execution.node import Context, NodeInputError, node
from models.checkpoint import CheckpointError
from models.memory import DeviceMemory
from models.upscaling import network
from models.upscaling.enlarge import UpscaleError, enlarge
from nodes.loaders import model_file
from nodes.types import Image

UpscaleModel = Annotated[network.UpscaleModel, Socket("UPSCALE_MODEL")]


@node("UpscaleModelLoader", category="loaders", display_name="Load Upscale Model")
def upscale_model_loader(
    *, model_name: Annotated[str, Files("upscale_models"), Help("A file in models/upscale_models.")], ctx: Context
) -> UpscaleModel:
    """Load a network that enlarges pictures: ESRGAN, Real-ESRGAN, SwinIR, HAT, DAT and many others."""
    path = model_file(ctx, "upscale_models", "model_name", model_name)
    try:
        return network.load_upscaler(path, ctx.service(DeviceMemory))
    except CheckpointError as error:
        raise NodeInputError("model_name", str(error)) from error


@node("ImageUpscaleWithModel", category="image/upscaling", display_name="Upscale Image (using Model)")
def image_upscale_with_model(
    *,
    upscale_model: Annotated[UpscaleModel, Help("The network; it knows by how much it enlarges.")],
    image: Annotated[Image, Help("The pictures to enlarge; transparency is dropped.")],
    ctx: Context,
) -> Image:
    """Enlarge pictures with a network, in tiles, so that it takes no more memory for large ones."""
    try:
        return enlarge(upscale_model, image, ctx.progress)
    except UpscaleError as error:
        raise NodeInputError("image", str(error)) from error
