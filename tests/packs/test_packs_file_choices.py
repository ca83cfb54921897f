"""Combos of files: the server lists the folder afresh, and the cache tells the files apart."""

import pytest

WAYS = {
    "as it is": ("folder_paths.get_filename_list('loras')", None),
    "behind None": ("['None'] + folder_paths.get_filename_list('loras')", ("None",)),
    "behind two": ("['None'] + (['Auto'] + folder_paths.get_filename_list('loras'))", ("None", "Auto")),
    "sorted": ("sorted(folder_paths.get_filename_list('loras'))", None),
    "copied": ("list(folder_paths.get_filename_list('loras'))", None),
    "reversed": ("folder_paths.get_filename_list('loras')[::-1]", None),
    "spread": ("['None', *folder_paths.get_filename_list('loras')]", ("None",)),
    "comprehension": ("[name for name in folder_paths.get_filename_list('loras')]", None),
    "tuple": ("tuple(folder_paths.get_filename_list('loras'))", None),
    "old name": ("folder_paths.get_filename_list('unet')", None),
}


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("way", WAYS)
def test_combos_of_files_are_declared_so(bench, way, empty):
    expression, first = WAYS[way]
    if not empty:
        for kind in ("loras", "unet"):
            (bench.workspace.root / "models" / kind).mkdir(exist_ok=True)
            for name in ("b.safetensors", "a.safetensors"):
                (bench.workspace.root / "models" / kind / name).write_bytes(b"x")
    spec = declared(bench, expression)
    if empty and way == "spread":
        assert (spec.files, spec.choices) == (None, ("None",)), "nothing tells it from a list without files"
        return
    assert (spec.files, spec.choices) == ("diffusion_models" if way == "old name" else "loras", first)
    (bench.workspace.root / "models" / (spec.files if spec.files == "loras" else "unet")).mkdir(exist_ok=True)
    folder = "loras" if spec.files == "loras" else "unet"
    (bench.workspace.root / "models" / folder / "new.safetensors").write_bytes(b"x")
    assert "new.safetensors" in spec.listed(bench.workspace.list_files)


def declared(bench, expression, options="{}"):
    text = f"""
import os
import folder_paths
class Files:
    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{"file": ({expression}, {options})}}}}
    RETURN_TYPES = ("STRING",)
    FUNCTION = "go"
    def go(self, file):
        return (file,)
NODE_CLASS_MAPPINGS = {{"Files": Files}}
"""
    bench.write("files", text)
    bench.load()
    assert bench.pack("files").error is None
    return bench.opened[-1].registry["Files"].spec.inputs[0]


@pytest.mark.parametrize(
    "expression",
    [
        "[n for n in folder_paths.get_filename_list('loras') if n.startswith('a')]",
        "folder_paths.get_filename_list('loras') + ['Last']",
        "[n.removesuffix('.safetensors') for n in folder_paths.get_filename_list('loras')]",
    ],
)
def test_lists_made_of_files_stay_lists_and_are_asked_anew(bench, expression):
    folder = bench.workspace.root / "models" / "loras"
    for name in ("b.safetensors", "a.safetensors"):
        (folder / name).write_bytes(b"x")
    spec = declared(bench, expression)
    assert spec.files is None and spec.choices
    (folder / "a2.safetensors").write_bytes(b"x")
    anew = bench.opened[-1].refresh()["Files"].inputs[0]
    assert len(anew.choices) == len(spec.choices) + 1


UPLOAD = "sorted(f for f in os.listdir(folder_paths.get_input_directory()) if f.endswith('.png'))"


@pytest.mark.parametrize("first", ["", "['none'] + "])
def test_uploads_list_the_input_folder(bench, first):
    folder = bench.workspace.folder("input")
    (folder / "old.png").write_bytes(b"x")
    spec = declared(bench, first + UPLOAD, "{'image_upload': True}")
    assert spec.files == "input" and spec.choices == (("none",) if first else None)
    (folder / "new.png").write_bytes(b"x")
    assert spec.listed(bench.workspace.list_files)[-2:] == ("new.png", "old.png")


@pytest.mark.parametrize(("option", "suffix"), [("video_upload", ".mp4"), ("audio_upload", ".wav")])
def test_uploads_of_other_kinds(bench, option, suffix):
    folder = bench.workspace.folder("input")
    for name in (f"old{suffix}", "picture.png"):
        (folder / name).write_bytes(b"x")
    expression = f"sorted(f for f in os.listdir(folder_paths.get_input_directory()) if f.endswith({suffix!r}))"
    spec = declared(bench, expression, f"{{{option!r}: True}}")
    (folder / f"new{suffix}").write_bytes(b"x")
    assert spec.choices is None
    assert spec.listed(bench.workspace.list_files) == (f"new{suffix}", f"old{suffix}")
    assert bench.value({"1": ("Files", {"file": f"new{suffix}"})}, "1") == [f"new{suffix}"], "its content can be read"


def test_a_changed_file_runs_its_node_again(bench):
    folder = bench.workspace.root / "models" / "loras"
    (folder / "a.safetensors").write_bytes(b"one")
    declared(bench, "['None'] + folder_paths.get_filename_list('loras')")
    prompt = {"1": ("Files", {"file": "a.safetensors"}), "2": ("Files", {"file": "None"})}
    assert bench.run(prompt, ["1", "2"]).executed == ["1", "2"]
    assert bench.run(prompt, ["1", "2"]).executed == []
    (folder / "a.safetensors").write_bytes(b"two")
    assert bench.run(prompt, ["1", "2"]).executed == ["1"]


ODD = {
    "infinite bound": ("('FLOAT', {'default': 1.0, 'max': float('inf'), 'min': -1.0})", {"default": 1.0, "min": -1.0}),
    "tensor default": ("('INT', {'default': __import__('torch').tensor(3)})", {"default": 3}),
    "numpy default": ("('FLOAT', {'step': __import__('numpy').float32(0.5)})", {"step": 0.5}),
    "path default": ("('STRING', {'default': __import__('pathlib').PurePosixPath('/a')})", {"default": "/a"}),
    "no options": ("('INT',)", {}),
    "options none": ("('INT', None)", {}),
    "list not tuple": ("['INT', {'min': 1}]", {"min": 1}),
    "nested": ("('STRING', {'remote': {'route': '/x', 'keys': {1, 1}}})", {"remote": {"route": "/x", "keys": [1]}}),
}


@pytest.mark.parametrize("way", ODD)
def test_options_that_json_cannot_hold(bench, way):
    import json

    written, options = ODD[way]
    text = f"""
class Odd:
    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{"x": {written}}}, "optional": None}}
    RETURN_TYPES = "INT"
    RETURN_NAMES = "one"
    OUTPUT_IS_LIST = False
    FUNCTION = "go"
    def go(self, x):
        return (1,)
NODE_CLASS_MAPPINGS = {{"Odd": Odd}}
"""
    bench.write("odd", text)
    bench.load()
    assert bench.pack("odd").error is None
    spec = bench.opened[-1].registry["Odd"].spec
    assert dict(spec.inputs[0].options) == options
    json.dumps(spec.to_object_info(lambda _folder: []), allow_nan=False)
    assert [(one.type, one.name, one.is_list) for one in spec.outputs] == [("INT", "one", False)]


def test_choices_of_every_kind(bench):
    text = """
import enum
class Odd:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"keys": ({"b": 1, "a": 2}.keys(),), "set": ({"y", "x"},), "mixed": ([1, 2.5, True, None],),
                             "range": (range(3),), "kind": (int,)}}
    RETURN_TYPES = (["a", "b"],)
    FUNCTION = "go"
    def go(self, **kwargs): pass
NODE_CLASS_MAPPINGS = {"Odd": Odd}
"""
    bench.write("odd", text)
    bench.load()
    assert bench.pack("odd").error is None
    inputs = {one.name: one for one in bench.opened[-1].registry["Odd"].spec.inputs}
    assert inputs["keys"].choices == ("b", "a") and inputs["set"].choices == ("x", "y")
    assert inputs["mixed"].choices == (1, 2.5, True, None) and inputs["range"].choices == (0, 1, 2)
    assert inputs["kind"].type == "int"
