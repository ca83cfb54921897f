"""Models, text encoders and VAEs with the methods that packs call on them.

Weft's handles are immutable and know their own methods only. What a pack's node is given instead is the same handle
with more methods: Weft's nodes take it as theirs when it comes back to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NoReturn, cast

import torch

from models.sdxl.text import Clip, Tokens
from models.types import Model, Vae
from models.vae_codec import decode_latent, decode_latent_tiled, encode_image, encode_image_tiled
from nodes.prompt_notes import noted


class PackVae(Vae):
    """A VAE: pictures [B, H, W, C] in 0..1 to latents [B, 4, H/8, W/8] and back."""

    def decode(self, samples_in: torch.Tensor, vae_options: Any = None) -> torch.Tensor:
        """Latents to pictures."""
        del vae_options
        return decode_latent(self, samples_in)

    def encode(self, pixel_samples: torch.Tensor) -> torch.Tensor:
        """Pictures to latents."""
        return encode_image(self, pixel_samples)

    def decode_tiled(
        self, samples: torch.Tensor, tile_x: int = 64, tile_y: int = 64, overlap: int = 16, **_options: Any
    ) -> torch.Tensor:
        """Latents to pictures in square tiles of so many entries."""
        scale = self.config.downscale
        return decode_latent_tiled(self, samples, max(tile_x, tile_y) * scale, overlap * scale)

    def encode_tiled(
        self, pixel_samples: torch.Tensor, tile_x: int = 512, tile_y: int = 512, overlap: int = 64, **_options: Any
    ) -> torch.Tensor:
        """Pictures to latents in square tiles of so many pixels."""
        return encode_image_tiled(self, pixel_samples, max(tile_x, tile_y), overlap)

    @property
    def first_stage_model(self) -> torch.nn.Module:
        return self.network

    @property
    def device(self) -> torch.device:
        return self.memory.device

    @property
    def vae_dtype(self) -> torch.dtype:
        return self.dtype

    @property
    def latent_channels(self) -> int:
        return self.config.embed_dim

    @property
    def downscale_ratio(self) -> int:
        """Pixels to a latent's entry, along each side."""
        return self.config.downscale

    upscale_ratio = downscale_ratio

    def spacial_compression_encode(self) -> int:
        return self.config.downscale

    spacial_compression_decode = spacial_compression_encode

    def __getattr__(self, name: str) -> NoReturn:
        _refuse("VAE", name)


class PackClip(Clip):
    """Text encoders."""

    def tokenize(self, text: str, return_word_ids: bool = False, **_options: Any) -> Tokens:
        """A prompt as tokens for every encoder."""
        if return_word_ids:
            raise TypeError("Weft's tokens carry no word ids: ask for tokens without them.")
        return super().tokenize(text)

    def encode(self, tokens: Mapping[str, Any] | str) -> Any:
        """Conditioning of tokens; of a text the states [1, n, C] alone."""
        if isinstance(tokens, str):
            return super().encode(self.tokenize(tokens)).cond
        return super().encode(tokens)

    def encode_from_tokens(
        self, tokens: Mapping[str, Any], return_pooled: Any = False, return_dict: bool = False
    ) -> Any:
        """The states [1, n, C] of tokens; with the pooled output [1, P], or both by name."""
        encoded = super().encode(tokens)
        if return_dict:
            return {"cond": encoded.cond, "pooled_output": encoded.pooled}
        return (encoded.cond, encoded.pooled) if return_pooled else encoded.cond

    def encode_from_tokens_scheduled(
        self,
        tokens: Mapping[str, Any],
        unprojected: bool = False,
        add_dict: Mapping[str, Any] | None = None,
        **_more: Any,
    ) -> list[list[Any]]:
        """Conditioning of tokens as it travels on wires, with further options."""
        del unprojected
        return [
            [encoded.cond, {"pooled_output": encoded.pooled, **hooked, **noted(tokens), **(add_dict or {})}]
            for encoded, hooked in self.encode_scheduled(tokens)
        ]

    def clone(self) -> PackClip:
        """A handle of one's own to the same weights."""
        return _as(PackClip, self)

    def clip_layer(self, layer_idx: int) -> None:
        """Let this handle take another hidden state: -1 the last, -2 the one before it."""
        object.__setattr__(self, "layer", self.with_layer(layer_idx).layer)

    @property
    def layer_idx(self) -> int | None:
        return self.layer

    def load_model(self) -> PackClip:
        """Nothing to do: Weft brings a model to the device when it is used."""
        return self

    def __getattr__(self, name: str) -> NoReturn:
        _refuse("CLIP", name)


class PackModel(Model):
    """A denoising network. Weft's networks take none of the patches that packs have for ComfyUI's."""

    def clone(self) -> PackModel:
        """A handle of one's own to the same weights."""
        return _as(PackModel, self)

    @property
    def load_device(self) -> torch.device:
        return self.memory.device

    @property
    def offload_device(self) -> torch.device:
        return torch.device("cpu")

    def model_dtype(self) -> torch.dtype:
        return self.dtype

    def model_size(self) -> int:
        """Bytes of the weights."""
        return sum(one.numel() * one.element_size() for one in self.network.parameters())

    def get_model_object(self, name: str) -> Any:
        """`diffusion_model` or `model_sampling`.

        Raises:
            AttributeError: anything else.
        """
        known = {"diffusion_model": self.network, "model_sampling": self.schedule}
        if name not in known:
            _refuse("MODEL", name)
        return known[name]

    def __getattr__(self, name: str) -> NoReturn:
        _refuse("MODEL", name)


def for_packs(value: Any) -> Any:
    """A handle with the methods that packs call; anything else as it is."""
    kind = cast("type[Any]", type(value))
    if kind is Model:
        return _as(PackModel, value)
    if kind is Clip:
        return _as(PackClip, value)
    return _as(PackVae, value) if kind is Vae else value


def _as(kind: Any, handle: Any) -> Any:
    return kind(**{field.name: getattr(handle, field.name) for field in fields(handle)})


def _refuse(what: str, name: str) -> NoReturn:
    raise AttributeError(f"Weft's {what} has no {name}: it exists in ComfyUI only.", name=name)
