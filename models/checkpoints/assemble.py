"""Networks made of a file's tensors: built without memory on the meta device, then given the tensors themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from models.checkpoints.errors import CheckpointError
from models.checkpoints.layout import TextPart
from models.checkpoints.origin import Origin, remember_origin
from models.checkpoints.weights import Weights
from models.sdxl.config import UNetConfig, VAEConfig, unet_config_from_shapes, vae_config_from_shapes
from models.sdxl.text_config import text_config
from models.sdxl.text_encoder import TextEncoder
from models.sdxl.unet import UNet
from models.sdxl.vae import AutoencoderKL

ModuleT = TypeVar("ModuleT", bound=nn.Module)


def build_unet(weights: Weights, settings: Mapping[str, Any], dtype: torch.dtype) -> UNet:
    """The denoising network; `settings`: diffusers' configuration, where there is one.

    Raises:
        CheckpointError: if the tensors are not those of a whole UNet.
    """

    def make() -> UNet:
        return UNet(unet_config(weights, settings))

    return _with_origin(build_module(make, weights, dtype, "the denoising network"), weights)


def build_vae(weights: Weights, settings: Mapping[str, Any], dtype: torch.dtype) -> AutoencoderKL:
    """The autoencoder; arguments and errors as `build_unet`."""

    def make() -> AutoencoderKL:
        return AutoencoderKL(vae_config(weights, settings))

    return _with_origin(build_module(make, weights, dtype, "the VAE"), weights)


def build_text(part: TextPart, dtype: torch.dtype) -> TextEncoder:
    """One text encoder; errors as `build_unet`."""
    weights = part.weights

    def make() -> TextEncoder:
        return TextEncoder(text_config(weights.shapes, part.activation, part.heads), part.role)

    encoder = build_module(make, weights, dtype, f"the text encoder {part.role.name!r}")
    encoder.place_positions()
    return _with_origin(encoder, weights)


def unet_config(weights: Weights, settings: Mapping[str, Any]) -> UNetConfig:
    """The UNet's configuration: from the tensors' shapes, with what `settings` add.

    Raises:
        ValueError: in a sentence, when the tensors are those of another kind of network.
    """
    return _heed_unet_settings(unet_config_from_shapes(weights.shapes, weights.metadata), settings)


def vae_config(weights: Weights, settings: Mapping[str, Any]) -> VAEConfig:
    """The autoencoder's configuration; arguments and errors as `unet_config`."""
    config = vae_config_from_shapes(weights.shapes, weights.metadata)
    groups = settings.get("norm_num_groups")
    return replace(config, norm_groups=groups) if groups else config


def _heed_unet_settings(config: UNetConfig, settings: Mapping[str, Any]) -> UNetConfig:
    """The configuration with what tensor shapes do not tell: heads and groups.

    diffusers' `attention_head_dim` holds, whatever its name says, the number of heads: one for all levels or a list.
    """
    groups = settings.get("norm_num_groups") or config.norm_groups
    heads = settings.get("num_attention_heads") or settings.get("attention_head_dim")
    config = replace(config, norm_groups=groups)
    if isinstance(heads, int):
        return replace(config, head_channels=None, num_heads=heads)
    if not isinstance(heads, list) or not heads:
        return config
    widths = [mult * config.model_channels for mult in config.channel_mult]
    head_widths = {
        width // count for width, count, depth in zip(widths, heads, config.transformer_depth, strict=True) if depth
    }
    if len(head_widths) != 1:
        raise ValueError(
            f"Its attention heads differ in width from level to level ({heads}), which Weft does not know."
        )
    return replace(config, head_channels=head_widths.pop(), num_heads=None)


def build_module(make: Callable[[], ModuleT], weights: Weights, dtype: torch.dtype, what: str) -> ModuleT:
    """The network that `make` builds on the meta device, with the file's tensors; `what` names it in messages.

    Raises:
        CheckpointError: if it cannot be built, or a tensor is missing, empty or of another shape.
    """
    empty = next((name for name, shape in weights.shapes.items() if 0 in shape), None)
    if empty is not None:
        raise CheckpointError(
            f"{weights.path.name}: tensor {empty[:200]!r} of {what} is empty. Download the file again."
        )
    try:
        with torch.device("meta"):
            module = make()
    except (ValueError, TypeError, KeyError, IndexError, ZeroDivisionError) as error:
        raise CheckpointError(f"{weights.path.name}: {what} cannot be built. {error}") from error
    fill(module, weights, dtype, what)
    return module


def fill(module: nn.Module, weights: Weights, dtype: torch.dtype, what: str) -> None:
    """Give the module the file's tensors, each converted to `dtype` by itself; tensors it has no use for stay out.

    A tensor that has the format already is not copied: it stays a view of the mapped file.

    Raises:
        CheckpointError: if a tensor is missing or has another shape than the module needs.
    """
    state: dict[str, Tensor] = {}
    with torch.inference_mode(False):  # a tensor made in inference mode could never be trained or moved in place
        for name, place in places_of(module).items():
            found = weights.shapes.get(place)
            if found is None:
                raise CheckpointError(
                    f"{weights.path.name} lacks the tensor {place!r} of {what}. The file is incomplete: download it "
                    "again."
                )
            shape = tuple(module.get_parameter(name).shape)
            if _without_kernel(found) != _without_kernel(shape):
                raise CheckpointError(
                    f"{weights.path.name}: the tensor {place!r} of {what} has the shape {list(found)} instead of "
                    f"{list(shape)}. The model is of a kind that Weft does not know, or damaged."
                )
            state[name] = weights.tensor(place).to(dtype).reshape(shape)
        module.load_state_dict(state, assign=True)
    module.requires_grad_(False)
    module.eval()


def _with_origin(module: ModuleT, weights: Weights) -> ModuleT:
    """The module, which from now on can tell the values that the file has for its parameters."""
    places = places_of(module)
    shapes = {name: parameter.shape for name, parameter in module.named_parameters()}

    def read(name: str) -> Tensor:
        return weights.tensor(places[name]).reshape(shapes[name])

    remember_origin(module, Origin(weights.path, weights.metadata, read))
    return module


def places_of(module: nn.Module) -> dict[str, str]:
    """The module's parameters, and the names that their tensors have in `Weights`."""
    names = [name for name, _ in module.named_parameters()]
    if not isinstance(module, TextEncoder):
        return {name: name for name in names}
    core = next(f"{name}." for name, child in module.named_modules() if child is module.core)
    return {name: name.removeprefix(core) for name in names}


def _without_kernel(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a linear layer, also for a 1x1 convolution that does the same."""
    return shape[:2] if len(shape) == 4 and shape[2:] == (1, 1) else shape
