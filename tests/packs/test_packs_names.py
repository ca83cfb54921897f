"""What packs get from `folder_paths`, `comfy.utils` and the other modules that they import."""

import operator
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from models.checkpoints.errors import CheckpointError


@pytest.fixture
def names(bench):
    """`names("comfy.utils")` as a pack sees it."""
    bench.write("any", "WEB_DIRECTORY = '.'")
    loaded = bench.load()
    return loaded.imports.module


def test_folders_and_files(bench, names):
    root = bench.workspace.root
    for file in (
        "models/loras/sub/deep.safetensors",
        "models/loras/a.ckpt",
        "models/loras/readme.txt",
        "models/clip/t.pt",
    ):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(b"x")
    paths = names("folder_paths")
    assert paths.base_path == str(root) and paths.models_dir == str(root / "models")
    for kind in ("input", "output", "temp", "user"):
        assert getattr(paths, f"get_{kind}_directory")() == str(root / kind)
    assert paths.get_directory_by_type("temp") == str(root / "temp") and paths.get_directory_by_type("x") is None
    assert paths.get_filename_list("loras") == ["a.ckpt", "sub/deep.safetensors"]
    assert paths.get_filename_list("clip") == paths.get_filename_list("text_encoders") == ["t.pt"]
    assert paths.get_full_path("loras", "sub/deep.safetensors") == str(root / "models/loras/sub/deep.safetensors")
    assert paths.get_full_path("loras", "sub\\deep.safetensors") == str(root / "models/loras/sub/deep.safetensors")
    assert paths.get_full_path("clip", "t.pt") == str(root / "models/clip/t.pt")
    assert paths.get_full_path("loras", "gone.ckpt") is None
    with pytest.raises(FileNotFoundError, match=r"There is no 'gone.ckpt' among the loras. Put it into"):
        paths.get_full_path_or_raise("loras", "gone.ckpt")
    with pytest.raises(KeyError):
        paths.get_filename_list("no_such_kind")
    assert ".safetensors" in paths.supported_pt_extensions


@pytest.mark.parametrize(
    "name", ["../secret.ckpt", "/etc/passwd", "..\\secret.ckpt", "a/../../secret.ckpt", "", "C:\\x"]
)
def test_names_cannot_leave_their_folder(bench, names, name):
    (bench.workspace.root / "models" / "secret.ckpt").write_bytes(b"x")
    (bench.workspace.root / "secret.ckpt").write_bytes(b"x")
    paths = names("folder_paths")
    assert paths.get_full_path("loras", name) is None
    assert not paths.exists_annotated_filepath(name)
    with pytest.raises(ValueError):
        paths.get_annotated_filepath(name)
    if name and not name.startswith("C"):
        with pytest.raises(ValueError):
            paths.get_save_image_path(name, paths.get_output_directory())


def test_kinds_that_packs_add(bench, names, tmp_path):
    paths = names("folder_paths")
    mine = tmp_path / "mine"
    (mine / "sub").mkdir(parents=True)
    (mine / "sub" / "m.gguf").write_bytes(b"x")
    (mine / "other.txt").write_bytes(b"x")
    paths.folder_names_and_paths["mine"] = ([str(mine)], {".gguf"})
    assert paths.get_filename_list("mine") == ["sub/m.gguf"]
    assert paths.get_full_path("mine", "sub/m.gguf") == str(mine / "sub" / "m.gguf")
    paths.add_model_folder_path("mine", "/first", is_default=True)
    paths.add_model_folder_path("mine", "/last")
    paths.add_model_folder_path("mine", "/last")
    assert paths.get_folder_paths("mine") == ["/first", str(mine), "/last"]
    paths.add_model_folder_path("new", "/somewhere")
    assert paths.folder_names_and_paths["new"] == (["/somewhere"], set())
    paths.folder_names_and_paths["loras"][0].append(str(mine))
    (mine / "l.pt").write_bytes(b"x")
    assert paths.get_filename_list("loras") == ["l.pt"]
    assert type(paths.get_filename_list("loras")) is list, "the server does not know this folder"


def test_annotated_names_and_saving(bench, names):
    root = bench.workspace.root
    (root / "input" / "a.png").write_bytes(b"x")
    (root / "output" / "b.png").write_bytes(b"x")
    paths = names("folder_paths")
    assert paths.get_annotated_filepath("a.png") == str(root / "input" / "a.png")
    assert paths.get_annotated_filepath("b.png [output]") == str(root / "output" / "b.png")
    assert paths.annotated_filepath("b.png [output]") == ("b.png", str(root / "output"))
    assert paths.annotated_filepath("a.png") == ("a.png", None)
    assert paths.exists_annotated_filepath("a.png") and not paths.exists_annotated_filepath("b.png")
    out = paths.get_output_directory()
    folder, name, counter, sub, prefix = paths.get_save_image_path("new/%width%x%height%", out, 8, 4)
    assert (folder, name, counter, sub, prefix) == (str(root / "output" / "new"), "8x4", 1, "new", "new/8x4")
    for file in ("8x4_00007_.png", "8x4_00012_.webp", "8x4b_00099_.png", "8x4_x.png"):
        (Path(folder) / file).write_bytes(b"x")
    assert paths.get_save_image_path("new/8x4", out)[2] == 13
    year = paths.get_save_image_path("%year%", out)[1]
    assert year.isdigit() and len(year) == 4
    with pytest.raises(RuntimeError, match="chosen when it is started"):
        paths.set_output_directory("/elsewhere")
    paths.set_output_directory(out)


def test_searching_and_filtering(names, tmp_path):
    paths = names("folder_paths")
    (tmp_path / "f" / ".git").mkdir(parents=True)
    (tmp_path / "f" / ".git" / "x").write_bytes(b"")
    (tmp_path / "f" / "a.PNG").write_bytes(b"")
    (tmp_path / "f" / "loop").symlink_to(tmp_path / "f")
    files, times = paths.recursive_search(str(tmp_path / "f"), [".git"])
    assert files == ["a.PNG"] and list(times) == [str(tmp_path / "f")]
    assert paths.filter_files_extensions(["b.x", "a.png", "c.PNG"], [".png"]) == ["a.png", "c.PNG"]
    listed = ["a.png", "b.mp4", "c.wav", "d.txt", "e.glb"]
    assert paths.filter_files_content_types(listed, ["image", "audio"]) == ["a.png", "c.wav"]
    assert paths.filter_files_content_types(listed, ["video", "model"]) == ["b.mp4", "e.glb"]


def test_tensors_from_and_to_files(names, tmp_path):
    utils = names("comfy.utils")
    tensors = {"a.b": torch.arange(6.0).reshape(2, 3), "c": torch.ones(2)}
    utils.save_torch_file({"x": tensors["a.b"].T}, tmp_path / "x.safetensors", metadata={"k": "v"})
    found, metadata = utils.load_torch_file(str(tmp_path / "x.safetensors"), return_metadata=True)
    assert torch.equal(found["x"], tensors["a.b"].T) and metadata == {"k": "v"}
    torch.save({"state_dict": tensors}, tmp_path / "x.ckpt")
    assert torch.equal(utils.load_torch_file(tmp_path / "x.ckpt", safe_load=True)["c"], tensors["c"])
    torch.save(tensors, tmp_path / "y.pt")
    assert set(utils.load_torch_file(tmp_path / "y.pt", device=torch.device("cpu"))) == {"a.b", "c"}
    (tmp_path / "bad.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{not json")
    with pytest.raises(CheckpointError, match="damaged"):
        utils.load_torch_file(tmp_path / "bad.safetensors")


def test_pickles_run_no_code(names, tmp_path):
    import pickle

    class Evil:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "ran",))

    (tmp_path / "evil.pt").write_bytes(pickle.dumps({"x": Evil()}))
    with pytest.raises(CheckpointError):
        names("comfy.utils").load_torch_file(tmp_path / "evil.pt", safe_load=False)
    assert not (tmp_path / "ran").exists()


def test_sizes_and_tiles(names):
    utils = names("comfy.utils")
    x = torch.rand(2, 3, 12, 20)
    assert utils.common_upscale(x, 10, 6, "bilinear", "disabled").shape == (2, 3, 6, 10)
    assert utils.common_upscale(x, 10, 10, "lanczos", "center").shape == (2, 3, 10, 10)
    assert utils.bislerp(x, 10, 6).shape == utils.lanczos(x, 10, 6).shape == (2, 3, 6, 10)
    assert utils.repeat_to_batch_size(x, 5).shape[0] == 5
    assert torch.equal(utils.repeat_to_batch_size(x, 3)[2], x[0]) and utils.repeat_to_batch_size(x, 1).shape[0] == 1
    for tile, overlap in ((8, 2), (64, 8), (5, 1)):
        doubled = utils.tiled_scale(
            x, lambda t: torch.nn.functional.interpolate(t, scale_factor=2.0), tile, tile, overlap, upscale_amount=2
        )
        assert torch.allclose(doubled, torch.nn.functional.interpolate(x, scale_factor=2.0), atol=1e-6)
    calls = []
    utils.tiled_scale(x[:1], lambda t: calls.append(t.shape) or t, 8, 8, 2, upscale_amount=1)
    assert len(calls) == utils.get_tiled_scale_steps(20, 12, 8, 8, 2)


def test_state_dicts(names):
    utils = names("comfy.utils")
    state = {"old.a": torch.ones(2), "b": torch.ones(3, dtype=torch.float16)}
    assert set(utils.state_dict_prefix_replace(dict(state), {"old.": "new."})) == {"new.a", "b"}
    assert set(utils.state_dict_prefix_replace(dict(state), {"old.": ""}, filter_keys=True)) == {"a"}
    assert utils.calculate_parameters(state) == 5 and utils.weight_dtype(state) == torch.float16
    module = torch.nn.Sequential(torch.nn.Linear(2, 2))
    assert utils.get_attr(module, "0.weight") is module[0].weight
    before = utils.set_attr(module, "0.bias", torch.nn.Parameter(torch.zeros(2)))
    assert before.shape == (2,) and not module[0].bias.any()


def test_the_device(names):
    management = names("comfy.model_management")
    assert management.get_torch_device() == torch.device("cpu") == management.intermediate_device()
    assert management.vae_dtype() == management.unet_dtype() == torch.float32
    assert management.get_total_memory() > management.get_free_memory() > 2**28
    assert management.is_device_cpu(torch.device("cpu")) and not management.is_nvidia()
    management.soft_empty_cache()
    management.unload_all_models()
    management.load_models_gpu([object()], memory_required=1)
    assert management.processing_interrupted() is False
    management.throw_exception_if_processing_interrupted()
    with pytest.raises(management.InterruptProcessingException):
        management.interrupt_current_processing()


def test_types_of_sockets(names):
    io = names("comfy.comfy_types").IO
    typing = names("comfy.comfy_types.node_typing")
    assert typing.IO is io and issubclass(type("N", (typing.ComfyNodeABC,), {}), typing.ComfyNodeABC)
    assert io.IMAGE == "IMAGE" and f"{io.INT}" == "INT" and str(io.ANY) == "*" and isinstance(io.MASK, str)
    for one, other in ((io.ANY, "IMAGE"), (io.IMAGE, "*"), ("IMAGE", io.ANY)):
        assert not operator.ne(one, other)
    assert operator.ne(io.IMAGE, "MASK")
    from execution.schema import types_match

    assert types_match(io.ANY, "LATENT") and types_match("LATENT", io.ANY) and not types_match(io.IMAGE, "LATENT")


def test_helpers(names):
    helpers = names("node_helpers")
    given = [[torch.ones(1), {"a": [1]}]]
    changed = helpers.conditioning_set_values(given, {"a": [2], "b": 3}, append=True)
    assert changed[0][1] == {"a": [1, 2], "b": 3} and given[0][1] == {"a": [1]}
    assert helpers.conditioning_set_values(given, {"a": 5})[0][1] == {"a": 5}
    one, two = helpers.image_alpha_fix(torch.zeros(1, 2, 2, 3), torch.ones(1, 2, 2, 4))
    assert one.shape == two.shape == (1, 2, 2, 3)
    one, two = helpers.image_alpha_fix(torch.zeros(1, 2, 2, 3 + 1), torch.ones(1, 2, 2, 3))
    assert one.shape[-1] == two.shape[-1] == 4 and two[..., 3].min() == 1
    utils = names("comfy_execution.graph_utils")
    graph = {"1": {"class_type": "A", "inputs": {"x": ["2", 0], "y": 1}}}
    nodes, outputs = utils.add_graph_prefix(graph, (["1", 0], 5), "p.")
    assert nodes == {"p.1": {"class_type": "A", "inputs": {"x": ["p.2", 0], "y": 1}}} and outputs == (["p.1", 0], 5)
    args = names("comfy.cli_args").args
    assert args.output_directory == names("folder_paths").get_output_directory() and args.some_new_flag is None


SAVERS = """
import folder_paths, nodes
from nodes import SaveImage, PreviewImage, LoadImage
import random

class MySave(SaveImage):
    pass

class MyPreview(SaveImage):
    def __init__(self):
        self.output_dir = folder_paths.get_temp_directory()
        self.type = "temp"
        self.prefix_append = "_temp_mine"
        self.compress_level = 1
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"images": ("IMAGE",)}, "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}}

class Both(PreviewImage):
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "both"
    OUTPUT_NODE = True
    def both(self, images, filename_prefix="mine", prompt=None, extra_pnginfo=None):
        shown = self.save_images(images, filename_prefix, prompt, extra_pnginfo)
        return {"ui": shown["ui"], "result": (images,)}

class AsyncSave(SaveImage):
    FUNCTION = "later"
    async def later(self, images, filename_prefix="later", prompt=None, extra_pnginfo=None):
        return self.save_images(images, filename_prefix, prompt, extra_pnginfo)

class MyLoad(LoadImage):
    FUNCTION = "load"
    RETURN_TYPES = ("IMAGE", "INT")
    def load(self, image):
        pixels, mask = self.load_image(image)
        assert mask.shape == (1, 64, 64)
        return (pixels, pixels.shape[2])

class MySampler(nodes.KSampler):
    @classmethod
    def INPUT_TYPES(cls):
        inputs = super().INPUT_TYPES()
        inputs["required"]["extra"] = ("INT", {"default": 3})
        return inputs

NODE_CLASS_MAPPINGS = {c.__name__: c for c in (MySave, MyPreview, Both, AsyncSave, MyLoad, MySampler)}
nodes.NODE_CLASS_MAPPINGS["AddedDirectly"] = MySave
"""


def test_classes_derived_from_wefts(bench):
    bench.write("savers", SAVERS)
    loaded = bench.load()
    assert bench.pack("savers").error is None
    assert "AddedDirectly" in bench.pack("savers").nodes
    own = loaded.registry["SaveImage"].spec
    mine = loaded.registry["MySave"].spec
    assert [one.name for one in mine.inputs] == [one.name for one in own.inputs] and mine.output_node
    sampler = loaded.registry["MySampler"].spec
    assert [one.name for one in sampler.inputs][-1] == "extra" and sampler.outputs[0].type == "LATENT"
    load = loaded.registry["MyLoad"].spec.inputs[0]
    assert (load.files, load.options.get("image_upload")) == ("input", True)
    image = ("EmptyImage", {"width": 8, "height": 4, "batch_size": 1, "color": 255})
    prompt = {
        "1": image,
        "2": ("MySave", {"images": ["1", 0], "filename_prefix": "sub/own"}),
        "3": ("MyPreview", {"images": ["1", 0]}),
        "4": ("Both", {"images": ["1", 0]}),
        "5": ("AsyncSave", {"images": ["1", 0], "filename_prefix": "later"}),
    }
    result = bench.run(prompt)
    assert result.error is None, result.error
    files = {key: ui["images"][0] for key, ui in result.ui.items()}
    assert (files["2"]["filename"], files["2"]["subfolder"], files["2"]["type"]) == ("own_00001_.png", "sub", "output")
    assert files["3"]["type"] == files["4"]["type"] == "temp"
    assert files["3"]["filename"].startswith("ComfyUI_temp_mine") and files["5"]["filename"] == "later_00001_.png"
    for one in files.values():
        assert (bench.workspace.folder(one["type"]) / one["subfolder"] / one["filename"]).is_file()
    from PIL import Image

    Image.fromarray(np.zeros((4, 8, 3), np.uint8)).save(bench.workspace.folder("input") / "p.png")
    assert bench.value({"1": ("MyLoad", {"image": "p.png"})}, "1", slot=1) == [8]


def test_wefts_nodes_as_classes(bench, names):
    nodes = names("nodes")
    table = nodes.NODE_CLASS_MAPPINGS
    assert set(bench.built_in) == set(table)
    for name, cls in table.items():
        spec = bench.built_in[name].spec
        assert callable(getattr(cls, cls.FUNCTION)), name
        written = cls.INPUT_TYPES()
        declared = [(one.section, one.name) for one in spec.inputs]
        assert sorted((section, key) for section, part in written.items() for key in part) == sorted(declared)
    assert nodes.NODE_DISPLAY_NAME_MAPPINGS["VAEDecode"] == "VAE Decode"
    assert nodes.EmptyLatentImage().generate(64, 32, 2)[0]["samples"].shape == (2, 4, 4, 8)
    (inverted,) = nodes.ImageInvert().invert(image=torch.zeros(1, 2, 2, 3))
    assert inverted.min() == 1
    assert nodes.ConditioningCombine().combine([1], [2]) == ([1, 2],)
    with pytest.raises(TypeError, match="takes 3 inputs"):
        nodes.EmptyLatentImage().generate(1, 2, 3, 4)
    with pytest.raises(TypeError):
        nodes.EmptyLatentImage().generate(width=64, depth=1)
    assert sys.modules["nodes"] is not nodes
