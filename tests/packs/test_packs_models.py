"""Packs that load models, sample, encode and decode by themselves get what Weft's own nodes give."""

import pytest
import torch

from tests.models.small_models import make

PACK = """
import torch
import comfy.sample, comfy.samplers, comfy.sd, comfy.utils, comfy.model_management, latent_preview
import folder_paths, nodes
from comfy_execution.graph_utils import GraphBuilder

class Base:
    FUNCTION = "go"
    RETURN_TYPES = ("LATENT",)
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"model": ("MODEL",), "positive": ("CONDITIONING",), "negative": ("CONDITIONING",),
                             "latent": ("LATENT",), "sampler_name": (comfy.samplers.KSampler.SAMPLERS,)}}

class Common(Base):
    def go(self, model, positive, negative, latent, sampler_name):
        return nodes.common_ksampler(model, 7, 3, 4.0, sampler_name, "karras", positive, negative, latent, denoise=0.7)

class ByClass(Base):
    def go(self, model, positive, negative, latent, sampler_name):
        return nodes.KSampler().sample(model, 7, 3, 4.0, sampler_name, "karras", positive, negative, latent, 0.7)

class Bare(Base):
    def go(self, model, positive, negative, latent, sampler_name):
        samples = latent["samples"]
        noise = comfy.sample.prepare_noise(samples, 7, latent.get("batch_index"))
        steps, last = [], {}
        show = latent_preview.prepare_callback(model, 3, last)
        def callback(step, x0, x, total):
            steps.append((step, total, x0.shape, x.shape))
            show(step, x0, x, total)
        out = comfy.sample.sample(model, noise, 3, 4.0, sampler_name, "karras", positive, negative, samples,
                                  denoise=0.7, callback=callback, seed=7)
        assert len(steps) == 3 and steps[-1][1] == 3 and last["x0"].shape == samples.shape
        return ({"samples": out},)

class Custom(Base):
    def go(self, model, positive, negative, latent, sampler_name):
        samples = latent["samples"]
        from comfy.samplers import calculate_sigmas
        sigmas = calculate_sigmas(model.get_model_object("model_sampling"), "karras", int(3 / 0.7))[-4:]
        noise = comfy.sample.prepare_noise(samples, 7)
        out = comfy.sample.sample_custom(model, noise, 4.0, comfy.samplers.sampler_object(sampler_name), sigmas,
                                         positive, negative, samples, seed=7)
        return ({"samples": out},)

class Loads:
    FUNCTION = "go"
    RETURN_TYPES = ("MODEL", "CLIP", "VAE")
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"name": (folder_paths.get_filename_list("checkpoints"),)}}
    def go(self, name):
        path = folder_paths.get_full_path_or_raise("checkpoints", name)
        folders = folder_paths.get_folder_paths("embeddings")
        return comfy.sd.load_checkpoint_guess_config(path, embedding_directory=folders)[:3]

class Uses:
    FUNCTION = "go"
    RETURN_TYPES = ("CONDITIONING", "IMAGE", "LATENT", "CLIP", "MODEL")
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"model": ("MODEL",), "clip": ("CLIP",), "vae": ("VAE",), "latent": ("LATENT",)}}
    def go(self, model, clip, vae, latent):
        tokens = clip.tokenize("a fox")
        cond, pooled = clip.encode_from_tokens(tokens, return_pooled=True)
        scheduled = clip.encode_from_tokens_scheduled(tokens, add_dict={"width": 8})
        assert torch.equal(scheduled[0][0], cond) and scheduled[0][1]["width"] == 8
        assert [row["encoder"] for row in scheduled[0][1]["weft_prompts"]] == list(tokens)
        assert torch.equal(clip.encode("a fox"), cond)
        skipped = clip.clone()
        skipped.clip_layer(-2)
        assert skipped.layer_idx == -2 and clip.layer_idx is None
        pixels = vae.decode(latent["samples"])
        assert vae.decode_tiled(latent["samples"]).shape == pixels.shape
        back = vae.encode(pixels[:, :, :, :3])
        assert not hasattr(model, "add_patches") and not hasattr(vae, "patcher")
        try:
            model.set_model_unet_function_wrapper(None)
        except AttributeError as error:
            assert "Weft's MODEL has no set_model_unet_function_wrapper" in str(error)
        else:
            raise AssertionError("patched")
        assert comfy.model_management.get_torch_device() == model.load_device
        return ([[cond, {"pooled_output": pooled}]], pixels, {"samples": back}, skipped, model.clone())

class ByName:
    FUNCTION = "go"
    RETURN_TYPES = ("CONDITIONING", "IMAGE", "LATENT")
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"clip": ("CLIP",), "vae": ("VAE",), "latent": ("LATENT",)}}
    def go(self, clip, vae, latent):
        table = nodes.NODE_CLASS_MAPPINGS
        cond, = nodes.CLIPTextEncode().encode(clip, "a fox")
        encode = table["CLIPTextEncode"]
        assert torch.equal(getattr(encode(), encode.FUNCTION)(text="a fox", clip=clip)[0][0][0], cond[0][0])
        pixels, = table["VAEDecode"]().decode(vae, latent)
        return (cond, pixels, table["VAEEncode"]().encode(vae, pixels)[0])

NODE_CLASS_MAPPINGS = {c.__name__: c for c in (Common, ByClass, Bare, Custom, Loads, Uses, ByName)}
"""


@pytest.fixture
def models(bench):
    folder = bench.workspace.root / "models" / "checkpoints"
    folder.mkdir()
    make("sdxl").save(folder / "small.safetensors")
    bench.write("samples", {"__init__.py": PACK})
    bench.load()
    assert bench.pack("samples").error is None
    return bench


def graph(**more):
    return {
        "1": ("CheckpointLoaderSimple", {"ckpt_name": "small.safetensors"}),
        "2": ("CLIPTextEncode", {"text": "a fox", "clip": ["1", 1]}),
        "3": ("CLIPTextEncode", {"text": "blurry", "clip": ["1", 1]}),
        "4": ("EmptyLatentImage", {"width": 32, "height": 32, "batch_size": 2}),
        **more,
    }


def test_every_way_to_sample_gives_what_the_node_gives(models):
    wired = {"model": ["1", 0], "positive": ["2", 0], "negative": ["3", 0]}
    own = {"seed": 7, "steps": 3, "cfg": 4.0, "scheduler": "karras", "denoise": 0.7, "latent_image": ["4", 0]}
    for name in ("euler", "dpmpp_2m"):
        wanted = models.value(graph(s=("KSampler", {**wired, **own, "sampler_name": name})), "s")[0]["samples"]
        assert wanted.std() > 0
        for kind in ("Common", "ByClass", "Bare", "Custom"):
            found = models.value(graph(s=(kind, {**wired, "latent": ["4", 0], "sampler_name": name})), "s")
            assert torch.equal(found[0]["samples"], wanted), kind
            assert [value for value, _ in models.progress()][-1] == 3, kind


def test_models_loaded_by_a_pack_are_those_of_the_node(models):
    prompt = {
        "1": ("Loads", {"name": "small.safetensors"}),
        "2": ("CLIPTextEncode", {"text": "a fox", "clip": ["1", 1]}),
    }
    own = models.value(graph(), "2")[0][0][0]
    assert torch.equal(models.value(prompt, "2")[0][0][0], own)


def test_handles_have_the_methods_that_packs_call(models):
    prompt = graph(
        u=("Uses", {"model": ["1", 0], "clip": ["1", 1], "vae": ["1", 2], "latent": ["4", 0]}),
        n=("ByName", {"clip": ["1", 1], "vae": ["1", 2], "latent": ["4", 0]}),
        c=("CLIPTextEncode", {"text": "a fox", "clip": ["u", 3]}),
        d=("VAEDecode", {"samples": ["4", 0], "vae": ["1", 2]}),
        e=("VAEEncode", {"pixels": ["d", 0], "vae": ["1", 2]}),
        k=("CLIPSetLastLayer", {"clip": ["1", 1], "stop_at_clip_layer": -2}),
        l=("CLIPTextEncode", {"text": "a fox", "clip": ["k", 0]}),
    )
    result = models.run(prompt, ["2", "u", "n", "c", "d", "e", "l"])
    assert result.error is None, result.error
    out = result.outputs
    for kind in ("u", "n"):
        assert torch.equal(out[kind][0][0][0][0], out["2"][0][0][0][0])
        assert torch.equal(out[kind][1][0], out["d"][0][0])
        assert torch.equal(out[kind][2][0]["samples"], out["e"][0][0]["samples"])
    assert torch.equal(out["c"][0][0][0][0], out["l"][0][0][0][0]), "Weft's nodes take handles back from packs"
