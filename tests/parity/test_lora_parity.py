"""LoRA files of kohya's and PEFT's layouts: the latents that diffusers draws with them."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from models.adapters.lora import with_lora
from models.adapters.lora_file import read_lora
from tests.models.small_models import relative
from tests.parity.diffusers_sdxl import twins

pytest.importorskip("peft", reason="diffusers loads LoRAs through peft, which is not installed")

RANK, ALPHA = 4, 2.0


def layers(network, kinds):
    """Attention, and convolutions of residual blocks where asked for; name and weight."""
    for name, layer in network.named_modules():
        if isinstance(layer, kinds) and any(part in name for part in (".attentions.", ".self_attn.", ".resnets.")):
            yield name, layer.weight


def factors(weight, generator):
    up = torch.randn(weight.shape[0], RANK, *([1] * (weight.ndim - 2)), generator=generator)
    down = torch.randn(RANK, *weight.shape[1:], generator=generator)
    return up * 0.1, down * down[0].numel() ** -0.5


def kohya(pair, path):
    generator = torch.Generator().manual_seed(1)
    tensors = {}
    for beginning, network, kinds in (
        ("lora_unet", pair.pipe.unet, (nn.Linear, nn.Conv2d)),
        ("lora_te1", pair.pipe.text_encoder, nn.Linear),
        ("lora_te2", pair.pipe.text_encoder_2, nn.Linear),
    ):
        for name, weight in layers(network, kinds):
            stem = f"{beginning}_{name.replace('.', '_')}"
            tensors[f"{stem}.lora_up.weight"], tensors[f"{stem}.lora_down.weight"] = factors(weight, generator)
            tensors[f"{stem}.alpha"] = torch.tensor(ALPHA)
    save_file(tensors, path)


def peft(pair, path, metadata=None):
    generator = torch.Generator().manual_seed(2)
    tensors = {}
    for beginning, network in (
        ("unet", pair.pipe.unet),
        ("text_encoder", pair.pipe.text_encoder),
        ("text_encoder_2", pair.pipe.text_encoder_2),
    ):
        for name, weight in layers(network, nn.Linear):
            up, down = factors(weight, generator)
            tensors[f"{beginning}.{name}.lora_B.weight"], tensors[f"{beginning}.{name}.lora_A.weight"] = up, down
    save_file(tensors, path, metadata)


def peft_with_alpha(pair, path):
    """As `save_lora_adapter` of diffusers does: alpha stands in the header."""
    names = [name.rpartition(".")[2] for name, _ in layers(pair.pipe.unet, nn.Linear)]
    settings = {"r": RANK, "lora_alpha": 2 * RANK, "target_modules": sorted(set(names)), "lora_bias": False}
    text = {**settings, "target_modules": ["q_proj", "k_proj", "v_proj", "out_proj"]}
    parts = {"unet": settings, "text_encoder": text, "text_encoder_2": text}
    header = {f"{part}.{key}": value for part, own in parts.items() for key, value in own.items()}
    peft(pair, path, {"format": "pt", "lora_adapter_metadata": json.dumps(header)})


@pytest.mark.parametrize("layout", [kohya, peft, peft_with_alpha])
@pytest.mark.filterwarnings("ignore")  # diffusers and peft warn of each other's changes
def test_latents_are_those_of_diffusers(layout, tmp_path):
    pair = twins(tmp_path)
    file = tmp_path / "lora.safetensors"
    layout(pair, file)
    bare = pair.weft()
    assert relative(bare, pair.theirs()) < 1e-4
    done = with_lora(pair.ours.model, pair.ours.clip, read_lora(file), 1.0, 1.0)
    assert done.misfit == ""
    pair.pipe.load_lora_weights(str(tmp_path), weight_name=file.name)
    wanted = pair.theirs()
    assert relative(wanted, bare) > 0.02  # the LoRA matters
    assert relative(pair.weft(done.model, done.clip), wanted) < 1e-4
    assert torch.equal(pair.weft(), bare)
