"""The nodes that change guidance and the network: that each reaches the sampler, and what they warn and refuse."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file

from execution.events import Warned
from execution.node import NodeInputError
from models.patches import compiled
from models.sampling.guiders import CfgGuider
from models.sampling.run_start import RunStart
from nodes import loaders, sampling
from nodes.custom_sampling import guiders as guider_nodes
from nodes.model_patches import attention_strength as strength
from nodes.model_patches import computing, freeu, further_questions, guidance, hypernetworks
from nodes.model_patches import large_pictures as large
from nodes.model_patches import latent_operations as operations
from nodes.text import clip_text_encode
from tests.models.small_models import G_WIDTH, L_WIDTH, make, relative
from tests.models.test_patches_hypernetwork import write

PROMPT_WIDTH = L_WIDTH + G_WIDTH


class Studio:
    """A small model with prompts, and a sampler of three steps."""

    def __init__(self, bench, name="base"):
        self.bench, self.ctx = bench, bench.ctx
        self.model, self.clip, self.vae = loaders.checkpoint_loader(ckpt_name=f"{name}.safetensors", ctx=self.ctx)
        self.positive, self.negative, self.empty = (self.encode(text) for text in ("a red fox", "blurry", ""))

    def encode(self, text, clip=None):
        return clip_text_encode(text=text, clip=clip or self.clip, ctx=self.ctx)

    def draw(self, model=None, size=(16, 24), batch=1, **settings):
        given = {"seed": 5, "steps": 3, "cfg": 6.0, "sampler_name": "euler", "scheduler": "normal"} | settings
        return sampling.ksampler(
            model=model or self.model,
            positive=self.positive,
            negative=self.negative,
            latent_image={"samples": torch.zeros(batch, 4, *size)},
            ctx=self.ctx,
            **given,
        )["samples"]

    @property
    def warnings(self):
        return [told.sentence for told in self.bench.told(Warned)]


@pytest.fixture
def studio(models):
    return Studio(models)


@pytest.fixture
def sd15(models, tmp_path):
    folder = models.workspace.root / "models" / "checkpoints"
    folder.mkdir(parents=True)
    state = {name: value.contiguous() for name, value in make("sd15").state.items()}
    save_file(state, folder / "sd15.safetensors", metadata={"weft.unet.head_channels": "32"})
    return Studio(models, "sd15")


def shrunk(model, ctx, **settings):
    methods = {"downscale_method": "bicubic", "upscale_method": "bicubic"}
    return large.patch_model_add_downscale(model=model, ctx=ctx, **methods | settings)


NODES = {
    "RescaleCFG": lambda m, s: guidance.rescale_cfg(model=m),
    "APG": lambda m, s: guidance.adaptive_projected_guidance(model=m, momentum=-0.5),
    "Mahiro": lambda m, s: guidance.mahiro(model=m),
    "FreSca": lambda m, s: guidance.fresca(model=m, freq_cutoff=3),
    "TCFG": lambda m, s: guidance.tangential_damping_cfg(model=m),
    "CFGZeroStar": lambda m, s: guidance.cfg_zero_star(model=m),
    "CFGNorm": lambda m, s: guidance.cfg_norm(model=m),
    "Epsilon Scaling": lambda m, s: guidance.epsilon_scaling(model=m),
    "PAG": lambda m, s: further_questions.perturbed_attention_guidance(model=m),
    "SAG": lambda m, s: further_questions.self_attention_guidance(model=m),
    "PerpNeg": lambda m, s: further_questions.perp_neg(model=m, empty_conditioning=s.empty),
    "FreeU": lambda m, s: freeu.free_u(model=m),
    "FreeU_V2": lambda m, s: freeu.free_u_v2(model=m),
    "HyperTile": lambda m, s: large.hyper_tile(model=m, tile_size=32, max_depth=1, ctx=s.ctx),
    "PatchModelAddDownscale": lambda m, s: shrunk(m, s.ctx, block_number=1),
    "UNetSelfAttentionMultiply": lambda m, s: strength.unet_self_attention_multiply(model=m, out=1.5),
    "UNetCrossAttentionMultiply": lambda m, s: strength.unet_cross_attention_multiply(model=m, v=1.5),
    "UNetTemporalAttentionMultiply": lambda m, s: strength.unet_temporal_attention_multiply(
        model=m, self_structural=0.5
    ),
    "tone mapping": lambda m, s: operations.latent_apply_operation_cfg(
        model=m, operation=operations.latent_operation_tonemap_reinhard()
    ),
    "sharpening": lambda m, s: operations.latent_apply_operation_cfg(
        model=m, operation=operations.latent_operation_sharpen()
    ),
    "ModelComputeDtype": lambda m, s: computing.model_compute_dtype(model=m, dtype="bf16"),
}


@pytest.mark.parametrize("name", NODES)
def test_a_node_changes_the_picture_and_the_model_without_it_stays_as_it_was(studio, name):
    before = studio.draw()
    changed = NODES[name](studio.model, studio)
    assert changed.network is studio.model.network  # no second copy
    found = studio.draw(changed)
    assert torch.isfinite(found).all()
    assert relative(found, before) > 1e-4
    assert torch.equal(studio.draw(), before)
    assert studio.warnings == []


@pytest.mark.parametrize("name", [name for name in NODES if name != "ModelComputeDtype"])
def test_a_picture_of_a_batch_is_that_of_its_own_place_alone(studio, name):
    changed = NODES[name](studio.model, studio)
    batch = studio.draw(changed, batch=2)
    alone = sampling.ksampler(
        model=changed,
        seed=5,
        steps=3,
        cfg=6.0,
        sampler_name="euler",
        scheduler="normal",
        positive=studio.positive,
        negative=studio.negative,
        latent_image={"samples": torch.zeros(1, 4, 16, 24), "batch_index": [1]},
        ctx=studio.ctx,
    )["samples"]
    assert relative(batch[1:], alone) < 1e-3


UNCHANGED = {
    "FreeU": lambda m, s: freeu.free_u(model=m, b1=1, b2=1, s1=1, s2=1),
    "FreeU_V2": lambda m, s: freeu.free_u_v2(model=m, b1=1, b2=1, s1=1, s2=1),
    "PAG": lambda m, s: further_questions.perturbed_attention_guidance(model=m, scale=0),
    "SAG": lambda m, s: further_questions.self_attention_guidance(model=m, scale=0),
    "HyperTile": lambda m, s: large.hyper_tile(model=m, tile_size=192, max_depth=1, ctx=s.ctx),
    "UNetSelfAttentionMultiply": lambda m, s: strength.unet_self_attention_multiply(model=m),
    "UNetTemporalAttentionMultiply": lambda m, s: strength.unet_temporal_attention_multiply(
        model=m, self_temporal=3, cross_temporal=0
    ),
    "ModelComputeDtype": lambda m, s: computing.model_compute_dtype(model=m, dtype="default"),
}


@pytest.mark.parametrize("name", UNCHANGED)
def test_settings_that_change_nothing_leave_the_picture_bit_by_bit(studio, name):
    assert torch.equal(studio.draw(UNCHANGED[name](studio.model, studio)), studio.draw())


def test_token_merging_is_for_models_with_attention_at_full_size(studio, sd15):
    before = sd15.draw()
    assert torch.equal(sd15.draw(large.tome_patch_model(model=sd15.model, ratio=0, ctx=sd15.ctx)), before)
    assert relative(sd15.draw(large.tome_patch_model(model=sd15.model, ratio=0.5, ctx=sd15.ctx)), before) > 1e-4
    assert sd15.warnings == []
    same = studio.draw(large.tome_patch_model(model=studio.model, ratio=0.5, ctx=studio.ctx))
    assert torch.equal(same, studio.draw())
    assert "no attention at the size of its latents" in studio.warnings[0]


def test_patches_that_reach_no_part_of_the_model_say_so(studio):
    large.hyper_tile(model=studio.model, ctx=studio.ctx)
    shrunk(studio.model, studio.ctx, block_number=4)
    assert studio.warnings == [
        "HyperTile changes nothing here: this model's attention begins at depth 1. Set max_depth to it.",
        "PatchModelAddDownscale changes nothing here: this model's last input block is 3.",
    ]


def test_deep_shrink_ends_where_its_share_of_the_denoising_does(studio):
    early = studio.draw(shrunk(studio.model, studio.ctx, block_number=1, end_percent=0.2))
    late = studio.draw(shrunk(studio.model, studio.ctx, block_number=1, end_percent=1.0))
    never = studio.draw(shrunk(studio.model, studio.ctx, block_number=1, start_percent=0.999))
    assert relative(early, late) > 1e-3
    assert relative(never, studio.draw()) < relative(early, studio.draw())


def test_perp_neg_is_what_its_guider_does(studio):
    guider = guider_nodes.perp_neg_guider(
        model=studio.model,
        positive=studio.positive,
        negative=studio.negative,
        empty_conditioning=studio.empty,
        cfg=6.0,
        neg_scale=0.7,
    )
    patched = further_questions.perp_neg(model=studio.model, empty_conditioning=studio.empty, neg_scale=0.7)
    x = torch.randn(2, 4, 16, 16, generator=torch.Generator().manual_seed(1)) * 3
    start = RunStart(x, x, None, torch.tensor([3.0, 0.0]), 0)
    usual = CfgGuider(patched, studio.positive, studio.negative, 6.0).denoiser(start)(x, 3.0)
    torch.testing.assert_close(usual, guider.denoiser(start)(x, 3.0), rtol=1e-3, atol=1e-3)


def test_perp_neg_needs_an_empty_prompt(studio):
    with pytest.raises(NodeInputError, match="Connect that of an empty prompt") as error:
        further_questions.perp_neg(model=studio.model, empty_conditioning=[])
    assert error.value.input_name == "empty_conditioning"


def test_text_attention_is_multiplied_in_all_encoders(studio):
    before = studio.encode("a red fox")[0]
    louder = strength.clip_attention_multiply(clip=studio.clip, q=1.5, out=0.5)
    after = studio.encode("a red fox", louder)[0]
    l_part, g_part = slice(0, L_WIDTH), slice(L_WIDTH, PROMPT_WIDTH)
    for part in (l_part, g_part):
        assert relative(after[0][..., part], before[0][..., part]) > 1e-3
    assert torch.equal(studio.encode("a red fox")[0][0], before[0])
    none = strength.clip_attention_multiply(clip=louder, q=1.0)
    assert torch.equal(studio.encode("a red fox", none)[0][0], after[0])
    halved = strength.clip_attention_multiply(clip=studio.clip, out=0.5)
    assert all(
        name.endswith(("out_proj.weight", "out_proj.bias")) for p in halved.patches.values() for name in p.changes
    )


def test_operations_on_latents_leave_what_came_in(studio):
    samples = torch.randn(2, 4, 8, 8, generator=torch.Generator().manual_seed(1))
    latent = {"samples": samples.clone(), "batch_index": [3, 4]}
    for operation in (operations.latent_operation_tonemap_reinhard(), operations.latent_operation_sharpen()):
        made = operations.latent_apply_operation(samples=latent, operation=operation)
        assert made["batch_index"] == [3, 4]
        torch.testing.assert_close(made["samples"], operation(latent=samples))
        assert not torch.equal(made["samples"], samples)
        assert torch.equal(latent["samples"], samples)


def test_a_compiler_that_is_missing_is_told_and_the_model_runs_uncompiled(studio, monkeypatch):
    same = computing.torch_compile_model(model=studio.model, backend="cudagraphs", ctx=studio.ctx)
    assert same is studio.model
    assert studio.warnings == [
        "The model runs uncompiled. The backend cudagraphs works on CUDA devices alone, and this one is cpu."
    ]

    def failing(function, backend):
        raise RuntimeError("no working C++ compiler")

    monkeypatch.setattr(compiled.torch, "compile", failing)
    same = computing.torch_compile_model(model=studio.model, backend="inductor", ctx=studio.ctx)
    assert same is studio.model
    assert studio.warnings[1].startswith("The model runs uncompiled. torch cannot compile here: no working")


def test_a_compiled_model_is_another_handle(studio, monkeypatch):
    monkeypatch.setattr(compiled.torch, "compile", lambda function, backend: function)
    fast = computing.torch_compile_model(model=studio.model, backend="inductor", ctx=studio.ctx)
    assert fast.network is studio.model.network
    assert studio.model.tweaks.calling == ()
    assert torch.equal(studio.draw(fast), studio.draw())


@pytest.fixture
def files(studio):
    folder = studio.bench.workspace.root / "models" / "hypernetworks"
    folder.mkdir(parents=True)
    write(folder / "fits.pt", (PROMPT_WIDTH, 64))
    write(folder / "part.pt", (768, 64))
    write(folder / "other.pt", (768, 320, 640))
    torch.save({"a": torch.zeros(2)}, folder / "lora.pt")
    return studio


def load(studio, name, **settings):
    return hypernetworks.hypernetwork_loader(model=studio.model, hypernetwork_name=name, ctx=studio.ctx, **settings)


def test_hypernetworks_change_the_picture_by_their_strength(files):
    before = files.draw()
    whole, half = files.draw(load(files, "fits.pt")), files.draw(load(files, "fits.pt", strength=0.5))
    assert relative(whole, before) > 1e-3
    assert relative(half, whole) > 1e-4
    assert load(files, "fits.pt", strength=0.0) is files.model
    assert files.warnings == []
    assert torch.equal(files.draw(), before)


def test_a_hypernetwork_that_fits_in_part_says_how_far(files):
    load(files, "part.pt")
    (told,) = files.warnings
    assert told == (
        "part.pt fits this model in part: 1 of 2 widths occur in it "
        f"(64, 768 in the file, 64, {PROMPT_WIDTH} in the model)."
    )


@pytest.mark.parametrize(
    ("name", "says"),
    [("other.pt", "is for tokens 320, 640, 768 wide"), ("lora.pt", "is no hypernetwork"), ("none.pt", "There is no")],
)
def test_hypernetworks_that_do_not_fit_blame_the_input(files, name, says):
    with pytest.raises(NodeInputError, match=says) as error:
        load(files, name)
    assert error.value.input_name == "hypernetwork_name"
