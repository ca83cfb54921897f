"""Train a LoRA and a ControlNet for the bundled base, whose own weights stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import functional_call

from models.adapters.control_network import ControlNetwork
from models.sdxl.config import UNetConfig
from models.sdxl.unet import UNet
from models.training.adapter_pictures import AdapterExamples, thicker
from models.training.diffusion import STEPS, add_noise, snr_weight
from models.training.loop import Loop, Recipe

LINEAR_RANK, CONVOLUTION_RANK = 8, 4
HINT_WIDTHS = (8, 16, 32, 64)
_BATCH = 16
_DROPPED = 0.1  # share of examples whose prompt is the empty one
_THICK = 0.2  # share of hints whose lines are three pixels wide
_LEAST_WEIGHT = 0.3  # of the loss at low noise: see `snr_weight`


class LowRankFactors(nn.Module):
    """For each layer of a network a pair of thin matrices whose product is added to its weight (arXiv 2106.09685)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.names: list[str] = []
        self.downs, self.ups = nn.ParameterList(), nn.ParameterList()
        for name, layer in network.named_modules():
            if isinstance(layer, nn.Linear) and ".transformer_blocks." in name:
                self._add(name, layer.weight, LINEAR_RANK)
            elif isinstance(layer, nn.Conv2d) and (".in_layers." in name or ".out_layers." in name):
                self._add(name, layer.weight, CONVOLUTION_RANK)

    def _add(self, name: str, weight: Tensor, rank: int) -> None:
        self.names.append(name)
        down = torch.empty(rank, *weight.shape[1:])
        self.downs.append(nn.init.kaiming_uniform_(down, a=5**0.5))
        self.ups.append(torch.zeros(weight.shape[0], rank, *([1] * (weight.ndim - 2))))

    def changed(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The network's weights that the factors change, by name, with the products added."""
        return {
            f"{name}.weight": weights[f"{name}.weight"] + (up.flatten(1) @ down.flatten(1)).view_as(weight)
            for name, up, down in zip(self.names, self.ups, self.downs, strict=True)
            for weight in [weights[f"{name}.weight"]]
        }


def control_from(base: UNet) -> ControlNetwork:
    """A ControlNet without attention, its residual blocks those of the base; its first word is silence."""
    facts = base.config
    depths = (0,) * len(facts.transformer_depth)
    config = UNetConfig(
        model_channels=facts.model_channels,
        channel_mult=facts.channel_mult,
        num_res_blocks=facts.num_res_blocks,
        transformer_depth=depths,
        middle_depth=0,
        context_dim=0,
        adm_channels=facts.adm_channels,
        head_channels=facts.head_channels,
        norm_groups=facts.norm_groups,
    )
    network = ControlNetwork(config, HINT_WIDTHS)
    known = {
        name.replace("middle_block.2.", "middle_block.1."): value
        for name, value in base.state_dict().items()
        if not name.startswith("middle_block.1.")
    }
    own = network.state_dict()
    network.load_state_dict({name: known.get(name, value).clone() for name, value in own.items()})
    for silent in (*network.zero_convs.parameters(), *network.middle_block_out.parameters()):
        nn.init.zeros_(silent)
    return network


def _timesteps(generator: torch.Generator) -> Tensor:
    """More of the high noise, where places and outlines are decided."""
    return (STEPS * torch.rand(_BATCH, generator=generator).pow(0.7)).long().clamp(max=STEPS - 1)


class _Batch:
    """A random part of the examples at random noise levels, and the loss of a prediction for it."""

    def __init__(self, examples: AdapterExamples, nothing: int, generator: torch.Generator) -> None:
        self.chosen = torch.randint(len(examples.latents), (_BATCH,), generator=generator)
        rows = examples.rows[self.chosen]
        rows = torch.where(torch.rand(_BATCH, generator=generator) < _DROPPED, nothing, rows)
        latents = examples.latents[self.chosen]
        self.noise = torch.randn(latents.shape, generator=generator)
        self.timesteps = _timesteps(generator)
        self.noisy = add_noise(latents, self.noise, self.timesteps)
        self.context, self.label = examples.context[rows], examples.label[rows]

    def loss(self, predicted: Tensor) -> Tensor:
        weights = snr_weight(self.timesteps, _LEAST_WEIGHT).clamp(max=8)
        return (weights * (predicted - self.noise).square().mean((1, 2, 3))).mean()


def train_lora(base: UNet, examples: AdapterExamples, nothing: int, recipe: Recipe, work: Path) -> LowRankFactors:
    """The averaged factors; `nothing` is the row of the empty caption. Resumes from `work`."""
    torch.manual_seed(3)
    loop = Loop("lora", LowRankFactors(base), recipe, work)
    weights = base.state_dict()
    for _ in loop.steps():
        batch = _Batch(examples, nothing, loop.generator)
        arguments = (batch.noisy, batch.timesteps.float(), batch.context, batch.label)
        loop.update(batch.loss(functional_call(base, loop.model.changed(weights), arguments)))
    return loop.average


def train_control(base: UNet, examples: AdapterExamples, nothing: int, recipe: Recipe, work: Path) -> ControlNetwork:
    """The averaged network; arguments as those of `train_lora`."""
    torch.manual_seed(4)
    assert examples.hints is not None
    loop = Loop("controlnet", control_from(base), recipe, work)
    for _ in loop.steps():
        generator = loop.generator
        batch = _Batch(examples, nothing, generator)
        hint = examples.hints[batch.chosen].float()
        thick = torch.rand(_BATCH, generator=generator) < _THICK
        hint = torch.where(thick[:, None, None, None], thicker(hint), hint).expand(-1, 3, -1, -1)
        timesteps = batch.timesteps.float()
        control = loop.model(batch.noisy, hint, timesteps, batch.context, batch.label)
        loop.update(batch.loss(base(batch.noisy, timesteps, batch.context, batch.label, control)))
    return loop.average
