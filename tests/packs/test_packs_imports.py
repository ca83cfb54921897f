"""What the import statement means in packs, and that it means nothing new anywhere else."""

import builtins
import importlib
import sys
from pathlib import Path

import pytest

NAMES = Path(__file__).resolve().parents[2] / "packs" / "names"

NODE = """
class {name}:
    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{}}}}
    RETURN_TYPES = ("STRING",)
    FUNCTION = "go"
    def go(self):
        return (str({expression}),)
NODE_CLASS_MAPPINGS = {{"{name}": {name}}}
"""


def answer(bench, text, expression, name="Says", extra=None):
    """What a node of a pack with this text computes when it runs."""
    bench.write("imports", {"__init__.py": text + NODE.format(name=name, expression=expression), **(extra or {})})
    bench.load()
    assert bench.pack("imports").error is None
    return bench.value({"1": (name, {})}, "1")[0]


FORMS = {
    "plain": ("import folder_paths", "folder_paths.get_input_directory()"),
    "dotted": ("import comfy.utils", "comfy.utils.ProgressBar(3).total"),
    "dotted alias": ("import comfy.utils as u", "u.ProgressBar(3).total"),
    "from": ("from comfy.utils import ProgressBar", "ProgressBar(3).total"),
    "from package": ("from comfy import utils, samplers", "utils.ProgressBar(3).total"),
    "from alias": ("from comfy import utils as u", "u.ProgressBar(3).total"),
    "package alone": ("import comfy", "comfy.utils.ProgressBar(3).total"),
    "package alone, deeper": ("import comfy", "comfy.comfy_types.node_typing.IO.IMAGE"),
    "star": ("from comfy_execution.graph_utils import *", "GraphBuilder('x').prefix"),
    "lazy": ("", "(lambda: __import__('comfy.utils').utils.ProgressBar(3).total)()"),
    "dunder": ("m = __import__('folder_paths')", "m.get_input_directory()"),
    "dunder fromlist": ("m = __import__('comfy.utils', fromlist=['ProgressBar'])", "m.ProgressBar(3).total"),
    "import_module": ("import importlib", "importlib.import_module('comfy.utils').ProgressBar(3).total"),
    "from importlib": ("from importlib import import_module as i", "i('folder_paths').get_input_directory()"),
    "relative import_module": ("import importlib", "importlib.import_module('.inner', __name__).WHERE"),
    "exec": ("space = {}\nexec('import comfy.utils as u', space)", "space['u'].ProgressBar(3).total"),
    "nested exec": ("exec('def f():\\n    import nodes\\n    return nodes.MAX_RESOLUTION', globals())", "f()"),
    "try": ("try:\n    import comfy.nothing\nexcept ImportError:\n    import folder_paths", "folder_paths.models_dir"),
    "try name": ("try:\n    from nodes import Nothing\nexcept ImportError:\n    Nothing = 4", "Nothing"),
    "hasattr": ("import comfy.utils", "hasattr(comfy.utils, 'nothing')"),
    "nodes": ("import nodes", "'KSampler' in nodes.NODE_CLASS_MAPPINGS"),
    "nodes of Weft": ("from nodes.types import MAX_SIDE\nimport nodes.types as t", "MAX_SIDE + t.MAX_SIDE"),
    "execution of Weft": ("from execution.node import node\nimport execution.fields", "execution.fields.SEED_MAX"),
    "from execution": (
        "from execution import ExecutionBlocker, graph_builder",
        "graph_builder.GraphBuilder('p').prefix",
    ),
    "standard library": ("import os.path as p, importlib.util\nfrom importlib import resources", "p.sep"),
    "torch": ("import torch.nn.functional as F", "F.relu.__name__"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_import(bench, form):
    text, expression = FORMS[form]
    said = answer(bench, text, expression, extra={"inner.py": "import folder_paths\nWHERE = folder_paths.models_dir"})
    wanted = {
        "plain": str(bench.workspace.folder("input")),
        "dunder": str(bench.workspace.folder("input")),
        "from importlib": str(bench.workspace.folder("input")),
        "relative import_module": str(bench.workspace.root / "models"),
        "try": str(bench.workspace.root / "models"),
        "package alone, deeper": "IMAGE",
        "star": "x",
        "nested exec": "16384",
        "try name": "4",
        "hasattr": "False",
        "nodes": "True",
        "nodes of Weft": "32768",
        "execution of Weft": str(2**64 - 1),
        "from execution": "p",
        "standard library": "/",
        "torch": "relu",
    }
    assert said == wanted.get(form, "3")


def test_imports_inside_functions_classes_and_threads(bench):
    text = """
import threading
class Helper:
    import folder_paths as inside
    def late(self):
        import comfy.samplers
        return comfy.samplers.KSampler.SAMPLERS[0]
def in_thread():
    found = []
    def work():
        from nodes import MAX_RESOLUTION
        import execution
        found.append((MAX_RESOLUTION, hasattr(execution, "ExecutionBlocker")))
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return found[0]
async def later():
    import server
    return server.PromptServer.instance.client_id
"""
    expression = "(Helper().late(), Helper.inside.models_dir == folder_paths_of(), in_thread(), run(later()))"
    text += "import asyncio\ndef run(c):\n    return asyncio.run(c)\ndef folder_paths_of():\n"
    text += "    import folder_paths\n    return folder_paths.models_dir\n"
    assert answer(bench, text, expression) == "('euler', True, (16384, True), None)"


def test_files_loaded_by_path_are_the_packs_too(bench):
    text = """
import importlib.util, os
from importlib.machinery import SourceFileLoader
path = os.path.join(os.path.dirname(__file__), "py", "by_path.py")
spec = importlib.util.spec_from_file_location("by_path", path)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
other = SourceFileLoader("by_loader", path)
import types
second = types.ModuleType("by_loader")
other.exec_module(second)
"""
    extra = {"py/by_path.py": "import folder_paths, nodes\nFOUND = (folder_paths.models_dir, nodes.MAX_RESOLUTION)"}
    assert answer(bench, text, "module.FOUND == second.FOUND and module.FOUND[1]", extra=extra) == "16384"


def test_packs_that_extend_the_search_path(bench):
    text = """
import os, sys
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
import pack_of_mine_on_the_path as mine
from models.blip import NAME
import models.blip as blip
import models
import importlib
again = importlib.import_module("models.blip")
"""
    extra = {
        "pack_of_mine_on_the_path.py": "import folder_paths\nfrom nodes import MAX_RESOLUTION as SIZE",
        "models/__init__.py": "",
        "models/blip.py": "from models.base import BASE\nfrom .base import BASE as again\nNAME = 'blip ' + BASE",
        "models/base.py": "import folder_paths\nBASE = 'base'",
    }
    search = list(sys.path)
    try:
        expression = "(mine.SIZE, NAME, blip.NAME, models.blip is blip, again is blip)"
        assert answer(bench, text, expression, extra=extra) == "(16384, 'blip base', 'blip base', True, True)"
    finally:
        sys.path[:] = search
    import models

    assert Path(models.__file__ or "").parent.parent == NAMES.parents[1], "Weft's own models stay what they are"


def test_packs_may_use_wefts_own_packages(bench):
    text = "from models.sampling.noise import seeded_noise\nfrom folders.workspace import MODEL_KINDS\n"
    assert answer(bench, text, "(seeded_noise((1, 1), 1).shape[0], MODEL_KINDS[0])") == "(1, 'checkpoints')"


def test_packs_find_each_other(bench):
    bench.write("zeta", {"__init__.py": "from .inner import VALUE", "inner.py": "import folder_paths\nVALUE = [1]"})
    text = "import custom_nodes.zeta.inner\nfrom custom_nodes.zeta import VALUE\nVALUE.append(2)\n"
    assert answer(bench, text, "custom_nodes.zeta.inner.VALUE") == "[1, 2]"
    zeta = next(module for name, module in sys.modules.items() if name == "custom_nodes.zeta")
    assert vars(zeta)["VALUE"] == [1, 2], "one module, whoever imports it first"


def test_what_packs_change_in_a_module_others_see(bench):
    bench.write("a_adds", "import folder_paths\nfolder_paths.folder_names_and_paths['mine'] = (['/x'], {'.y'})")
    text = "import folder_paths\nseen = folder_paths.get_folder_paths('mine')\n"
    assert answer(bench, text, "seen") == "['/x']"


def test_nobody_else_sees_any_of_it(bench):
    bench.write("imports", "import nodes, execution, folder_paths, comfy.utils, server, importlib\nx = 1")
    original, module = builtins.__import__, importlib.import_module
    loaded = bench.load()
    import execution
    import nodes

    assert builtins.__import__ is original and importlib.import_module is module
    assert Path(nodes.__file__ or "").name == "__init__.py" and not hasattr(nodes, "NODE_CLASS_MAPPINGS")
    assert not hasattr(execution, "ExecutionBlocker")
    for name in ("folder_paths", "comfy", "comfy.utils", "server", "comfy_api"):
        assert name not in sys.modules
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module(name)
    first = sys.modules[f"{loaded.imports.root}.folder_paths"]
    second = bench.load()
    assert sys.modules[f"{second.imports.root}.folder_paths"] is not first, "each host has its own"


def test_builtins_of_packs_are_whole(bench):
    text = "import dataclasses, typing, enum\n@dataclasses.dataclass\nclass D:\n    x: 'typing.List[int]'\n"
    assert answer(bench, text, "typing.get_type_hints(D)['x'] == typing.List[int]") == "True"


def every_name():
    for path in sorted(NAMES.rglob("*.py")):
        if path.name == "__init__.py" and path.parent == NAMES:
            continue
        parts = path.relative_to(NAMES).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("name", list(every_name()))
def test_every_module_can_be_imported_and_says_what_it_lacks(bench, name):
    text = f"""
import {name}
try:
    from {name} import nothing_of_the_kind
except ImportError as error:
    said = str(error)
try:
    {name}.nothing_of_the_kind
except AttributeError as error:
    also = str(error)
"""
    for part in answer(bench, text, "said + '|' + also").split("|"):
        assert part.startswith(f"Weft's {name} has no nothing_of_the_kind: it exists in ComfyUI only")
