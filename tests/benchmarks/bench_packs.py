"""How long node packs take to load, and what the import statement costs in their code. Prints figures."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from commands.workbench import node_types
from folders.workspace import Workspace
from packs.load import load_packs

PACKS, CLASSES, IMPORTS = 50, 20, 100_000

PACK = """
import folder_paths, nodes, comfy.utils, comfy.samplers
class Base:
    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{"x": ("INT",), "lora": (["None"] + folder_paths.get_filename_list("loras"),)}}}}
    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    def go(self, x, lora):
        return (x,)
NODE_CLASS_MAPPINGS = {{f"P{number}C{{n}}": type(f"C{{n}}", (Base,), {{}}) for n in range({classes})}}
def weft_import():
    from comfy.utils import ProgressBar
def other_import():
    from os.path import join
"""


def main() -> None:
    built_in = node_types()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(Path(folder))
        started = perf_counter()
        load_packs(workspace, built_in).close()
        print(f"no packs: {(perf_counter() - started) * 1e3:.1f} ms")
        for number in range(PACKS):
            path = workspace.node_packs[0] / f"pack-{number}"
            path.mkdir(parents=True)
            (path / "__init__.py").write_text(PACK.format(number=number, classes=CLASSES))
        for which in ("first time, compiling", "again"):
            started = perf_counter()
            loaded = load_packs(workspace, built_in)
            print(f"{PACKS} packs of {CLASSES} nodes, {which}: {(perf_counter() - started) * 1e3:.0f} ms")
            if which == "again":
                started = perf_counter()
                loaded.refresh()
                print(f"asking {PACKS * CLASSES} classes anew: {(perf_counter() - started) * 1e3:.0f} ms")
                module = vars(sys.modules["custom_nodes.pack-0"])
                for name, function in (("of a pack's name", "weft_import"), ("of anything else", "other_import")):
                    call = module[function]
                    started = perf_counter()
                    for _ in range(IMPORTS):
                        call()
                    print(f"import statement {name}: {(perf_counter() - started) / IMPORTS * 1e6:.2f} us")
            loaded.close()


if __name__ == "__main__":
    main()
