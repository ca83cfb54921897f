"""What pictures are to a model, as transformers and diffusers see it: CLIP vision, unCLIP's noise, GLIGEN's boxes."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from models.adapters.gligen import Box, BoxPatch, load_gligen
from models.checkpoint import load_unet
from models.memory import DeviceMemory
from models.sdxl.image_prompt import ImagePrompt, Statistics, image_vector, level_of
from models.sdxl.network_patches import NetworkCall
from models.sdxl.text_encoder import hide_broken_torchvision
from models.vision.clip_vision import load_clip_vision
from models.vision.pixels import clip_pixels
from tests.models.small_adapters import clip_vision_tensors, write_clip_vision
from tests.models.small_models import L_WIDTH, randomise, relative

MEMORY = DeviceMemory.choose("cpu")


def picture(height, width, seed=1):
    return torch.rand(1, height, width, 3, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("width", "heads", "activation"), [(64, 2, "quick_gelu"), (96, 4, "gelu")])
@pytest.mark.parametrize("open_clip", [False, True])
def test_image_encoders_say_what_those_of_transformers_say(width, heads, activation, open_clip, tmp_path):
    hide_broken_torchvision()
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    from tests.models.small_adapters import as_transformers

    tensors = clip_vision_tensors(48, width)
    named = as_transformers(tensors)
    theirs = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=width, intermediate_size=4 * width, projection_dim=48, num_hidden_layers=3,
            num_attention_heads=heads, image_size=224, patch_size=56, hidden_act=activation,
        )
    )  # fmt: skip
    theirs.load_state_dict({name: value.clone() for name, value in named.items()}, strict=True)
    made = {f"visual.{name}": one for name, one in tensors.items()} if open_clip else named
    facts = {"weft.clip_vision.heads": str(heads), "weft.clip_vision.activation": activation}
    save_file({name: one.contiguous().clone() for name, one in made.items()}, tmp_path / "v.safetensors", facts)
    image = picture(224, 224)
    found = load_clip_vision(tmp_path / "v.safetensors", MEMORY).encode(image)
    with torch.no_grad():
        wanted = theirs.eval()(clip_pixels(image, 224, "center"), output_hidden_states=True)
    assert relative(found.image_embeds, wanted.image_embeds) < 1e-5
    assert relative(found.last_hidden_state, wanted.last_hidden_state) < 1e-5
    assert relative(found.penultimate_hidden_states, wanted.hidden_states[-2]) < 1e-5


@pytest.mark.parametrize(("height", "width"), [(300, 260), (224, 500), (700, 900), (96, 120)])
def test_pictures_are_prepared_as_transformers_prepares_them(height, width):
    """But for rounding. Of sizes that do not come out even transformers takes the smaller, Weft the nearer."""
    hide_broken_torchvision()
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    smooth = torch.nn.functional.interpolate(picture(12, 10).movedim(-1, 1), size=(height, width), mode="bilinear")
    eight = (smooth[0].movedim(0, -1).numpy() * 255).round().astype(np.uint8)
    wanted = CLIPImageProcessorPil()(Image.fromarray(eight), return_tensors="pt").pixel_values
    found = clip_pixels(torch.from_numpy(eight)[None] / 255, 224, "center")
    assert found.shape == wanted.shape
    assert (found - wanted).abs().mean() < 0.01


@pytest.mark.filterwarnings("ignore")  # diffusers warns of its own changes
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_embeddings_are_noised_as_diffusers_noises_them(share):
    hide_broken_torchvision()
    from diffusers import DDPMScheduler, StableUnCLIPImg2ImgPipeline
    from diffusers.pipelines.stable_diffusion import StableUnCLIPImageNormalizer

    width, seed = 32, 1234
    generator = torch.Generator().manual_seed(7)
    embed = torch.randn(1, width, generator=generator)
    statistics = Statistics(torch.randn(width, generator=generator), 0.5 + torch.rand(width, generator=generator))
    normalizer = StableUnCLIPImageNormalizer(width).requires_grad_(False)
    normalizer.mean.data, normalizer.std.data = statistics.mean[None], statistics.deviation[None]
    parts = SimpleNamespace(
        image_normalizer=normalizer, image_noising_scheduler=DDPMScheduler(1000, beta_schedule="squaredcos_cap_v2")
    )
    noise = torch.randn(1, width, generator=torch.Generator().manual_seed(seed - 10))
    wanted = StableUnCLIPImg2ImgPipeline.noise_image_embeddings(parts, embed, level_of(share), noise)
    found = image_vector([ImagePrompt(embed, 1.0, share)], width, seed, 0.05, statistics)
    assert relative(found, wanted) < 1e-5


GLIGEN_UNET = {
    "block_out_channels": (32, 64),
    "layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
    "attention_head_dim": (1, 2),
    "use_linear_projection": False,
    "cross_attention_dim": L_WIDTH,
}


@pytest.mark.filterwarnings("ignore")
def test_boxes_are_attended_to_as_in_diffusers(tmp_path):
    hide_broken_torchvision()
    from diffusers import UNet2DConditionModel

    common = {"sample_size": 8, "in_channels": 4, "out_channels": 4, "norm_num_groups": 16}
    theirs = randomise(UNet2DConditionModel(**common, **GLIGEN_UNET, attention_type="gated"), 1)
    for name, parameter in theirs.named_parameters():
        if ".alpha_" in name:
            parameter.data.fill_(0.7)
    facts = {"weft.unet.head_channels": "32", "weft.unet.norm_groups": "16"}
    save_file(theirs.state_dict(), tmp_path / "all.safetensors", facts)
    model = load_unet(tmp_path / "all.safetensors", MEMORY)
    gligen = load_gligen(tmp_path / "all.safetensors", MEMORY)
    gligen.check(model)
    generator = torch.Generator().manual_seed(2)
    x, context = torch.randn(2, 4, 8, 12, generator=generator), torch.randn(2, 7, L_WIDTH, generator=generator)
    texts, times = torch.randn(2, L_WIDTH, generator=generator), torch.tensor([600.0, 600.0])
    boxes = [Box(texts[:1], 4, 6, 2, 3), Box(texts[1:], 8, 2, 0, 10)]
    call = NetworkCall((BoxPatch(gligen, boxes),), 1.0, (8, 12), (0,))
    corners = torch.zeros(30, 4)
    corners[:2] = torch.tensor([[3 / 12, 2 / 8, 9 / 12, 6 / 8], [10 / 12, 0, 1, 1]])
    words, masks = torch.zeros(30, L_WIDTH), torch.zeros(30)
    words[:2], masks[:2] = texts, 1
    given = {"boxes": corners, "positive_embeddings": words, "masks": masks}
    both = {name: torch.stack([one, one]) for name, one in given.items()}
    with torch.no_grad():
        found = model.network(x, times, context, call=call)
        plain = model.network(x, times, context)
        wanted = theirs(x, times, context, cross_attention_kwargs={"gligen": both}).sample
    assert relative(found, plain) > 0.01
    assert relative(found, wanted) < 1e-4


def test_the_small_files_are_what_they_say(tmp_path):
    """The two layouts of one image encoder give the same embeddings."""
    image = picture(100, 70)
    files = [write_clip_vision(tmp_path / f"{layout}.safetensors", open_clip=layout) for layout in (False, True)]
    one, other = (load_clip_vision(file, MEMORY).encode(image).image_embeds for file in files)
    assert relative(one, other) < 1e-5
