"""Style models: a picture's look as further tokens of a prompt, as they travel on STYLE_MODEL wires.

The style adapter of T2I-Adapter (Mou et al., arXiv 2302.08453) for SD 1.x: a transformer reads what CLIP-L says of a
picture's patches and, beside it, a few learned tokens, which come out as tokens of the prompt. The names of modules are
those of the authors' file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from folders.digest import file_digest
from models.checkpoints.assemble import build_module
from models.checkpoints.errors import CheckpointError
from models.checkpoints.foreign import refusal
from models.checkpoints.weights import Weights, open_weights
from models.clip_block import ResidualAttentionBlock
from models.loaded_network import LoadedNetwork
from models.memory import DeviceMemory
from models.vision.clip_vision import ClipVisionOutput

MARK = "style_embedding"
REDUX_MARK = "redux_up.weight"
HEADS = 8  # of the authors' model; leaves no trace in the shapes
OTHERWISE = "Choose a style model for Stable Diffusion 1.x, such as t2iadapter_style_sd14v1.pth."


class StyleNetwork(nn.Module):
    """What an image encoder says of a picture -> a few tokens of a prompt."""

    def __init__(self, width: int, context: int, tokens: int, layers: int, heads: int) -> None:
        super().__init__()
        self.style_embedding = nn.Parameter(torch.zeros(1, tokens, width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer_layes = nn.Sequential(*(ResidualAttentionBlock(width, heads) for _ in range(layers)))
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(torch.zeros(width, context))

    def forward(self, seen: Tensor) -> Tensor:
        """seen `[B, n, width]`, patches with the class token first -> `[B, tokens, context]`."""
        tokens = self.style_embedding.expand(len(seen), -1, -1)
        x = self.transformer_layes(self.ln_pre(torch.cat([seen, tokens], dim=1)))
        return self.ln_post(x[:, -tokens.shape[1] :]) @ self.proj


@dataclass(frozen=True, eq=False)
class StyleModel(LoadedNetwork[StyleNetwork]):
    """A style adapter."""

    @torch.no_grad()
    def tokens(self, seen: ClipVisionOutput) -> Tensor:
        """The tokens [1, n, context] of all the pictures; float32, in main memory.

        Raises:
            ValueError: another image encoder looked at them.
        """
        given, wanted = seen.last_hidden_state, self.network.style_embedding.shape[-1]
        if given.shape[-1] != wanted:
            raise ValueError(
                f"The style model {self.name} reads an image encoder that is {wanted} values wide, this one is "
                f"{given.shape[-1]}. Choose CLIP-L (ViT-L/14) in CLIPVisionLoader."
            )
        with self.memory.computing(self.network) as network:
            tokens = network(given.to(self.memory.device, self.dtype))
        return tokens.float().cpu().flatten(0, 1)[None]


def load_style_model(path: Path, memory: DeviceMemory) -> StyleModel:
    """Load a style adapter.

    Raises:
        CheckpointError: if the file is damaged or of another kind.
    """
    weights = open_weights(path)
    if REDUX_MARK in weights.shapes:
        raise CheckpointError(f"{path.name} is a Redux model for Flux, which Weft does not run. {OTHERWISE}")
    if MARK not in weights.shapes:
        raise CheckpointError(refusal(path.name, weights.shapes.keys(), "style model", OTHERWISE))
    dtype = memory.dtypes.text
    network = build_module(lambda: _network(weights), weights, dtype, "the style model")
    return StyleModel(network, memory, dtype, path.name, file_digest(path))


def _network(weights: Weights) -> StyleNetwork:
    width, context = weights.shapes["proj"]
    tokens = weights.shapes[MARK][1]
    layers = sum(name.startswith("transformer_layes.") and name.endswith(".ln_1.weight") for name in weights.shapes)
    told = weights.metadata.get("weft.style_model.heads", "")
    return StyleNetwork(width, context, tokens, layers, int(told) if told.isdigit() else HEADS)
