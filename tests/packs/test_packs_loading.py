"""Which packs there are, what is loaded of them, and what is told of those that fail (facts 6)."""

import os
import sys
import traceback

import pytest

from packs.discover import find_packs

PLAIN = """
class {name}:
    @classmethod
    def INPUT_TYPES(cls):
        return {{"required": {{"x": ("INT", {{"default": 1}})}}}}
    RETURN_TYPES = ("INT",)
    FUNCTION = "go"
    CATEGORY = "test"
    def go(self, x):
        return (x + 1,)

NODE_CLASS_MAPPINGS = {{"{name}": {name}}}
NODE_DISPLAY_NAME_MAPPINGS = {{"{name}": "The {name}"}}
"""


def plain(name):
    return PLAIN.format(name=name)


def test_folders_and_files_are_packs_but_for_disabled_and_hidden_ones(bench):
    bench.write("folder", {"__init__.py": plain("InFolder")})
    bench.write("file", plain("InFile"))
    bench.write("off.disabled", {"__init__.py": plain("Off")})
    bench.write("OFF2.DISABLED", {"__init__.py": plain("Off2")})
    bench.write("__pycache__", {"__init__.py": plain("Cached")})
    bench.write(".hidden", {"__init__.py": plain("Hidden")})
    (bench.folder / "file2.py.disabled").write_text(plain("Off3"))
    (bench.folder / "readme.md").write_text("not a pack")
    loaded = bench.load()
    assert [pack.name for pack in loaded.packs] == ["file", "folder"]
    assert {node.spec.name for node in loaded.nodes} == {"InFolder", "InFile"}
    spec = loaded.registry["InFolder"].spec
    assert (spec.python_module, spec.display_name, spec.category) == ("custom_nodes.folder", "The InFolder", "test")
    assert loaded.registry["InFile"].spec.python_module == "custom_nodes.file"


@pytest.mark.parametrize("name", ["with-hyphen", "with.dots.v1.2", "with space", "ünïcödé", "1number", "class"])
def test_any_folder_name_is_a_package_with_relative_imports(bench, name):
    files = {
        "__init__.py": "from .nodes import *\nfrom .nodes import NODE_CLASS_MAPPINGS\nfrom . import deep\n",
        "nodes.py": plain("Odd") + "\nfrom .deep.inner import VALUE\nfrom .deep import inner as alias\n",
        "deep/__init__.py": "",
        "deep/inner.py": "from .. import deep\nfrom ..nodes_helper import HELP\nVALUE = HELP\n",
        "nodes_helper.py": "HELP = 7\n",
    }
    bench.write(name, files)
    bench.load()
    assert bench.pack(name).error is None
    assert bench.pack(name).nodes == ("Odd",)
    assert bench.value({"1": ("Odd", {"x": 4})}, "1") == [5]


def test_several_folders_of_packs_and_two_packs_of_one_name(bench, tmp_path, built_in):
    from dataclasses import replace

    other = tmp_path / "elsewhere"
    (other / "same").mkdir(parents=True)
    (other / "same" / "__init__.py").write_text("from .inner import NODE_CLASS_MAPPINGS")
    (other / "same" / "inner.py").write_text(plain("Second"))
    bench.write("same", {"__init__.py": "from .inner import NODE_CLASS_MAPPINGS", "inner.py": plain("First")})
    bench.workspace = replace(bench.workspace, extra={"custom_nodes": (other,)})
    loaded = bench.load()
    assert [(pack.name, pack.nodes, pack.error) for pack in loaded.packs] == [
        ("same", ("First",), None),
        ("same", ("Second",), None),
    ]


def test_a_pack_reached_twice_counts_once(bench):
    path = bench.write("real", {"__init__.py": plain("Real")})
    (bench.folder / "zlink").symlink_to(path)
    assert [one.name for one in find_packs([bench.folder, bench.folder])] == ["real"]
    assert bench.load().packs[0].error is None


def test_only_some_or_none_can_be_loaded(bench):
    bench.write("one", plain("One"))
    bench.write("two", plain("Two"))
    assert [pack.name for pack in bench.load(only=["two"]).packs] == ["two"]
    assert bench.load(disabled=True).packs == []
    assert [pack.name for pack in bench.load(disabled=True, only=["one"]).packs] == ["one"]


FAILING = {
    "missing_module": ("import no_such_module_anywhere", "no_such_module_anywhere", "Install the Python package"),
    "raises": ("def f():\n    raise RuntimeError('broken inside')\nf()", "RuntimeError: broken inside", "line 2"),
    "syntax": ("def f(:\n  pass", "SyntaxError", "line 1"),
    "exits": ("import sys\nsys.exit('bye')", "it ended the program", "bye"),
    "exits_plainly": ("raise SystemExit", "it ended the program", "exit status 0"),
    "generator_exit": ("raise GeneratorExit", "GeneratorExit", "line 1"),
    "base_exception": ("class Odd(BaseException): pass\nraise Odd('base')", "Odd: base", "line 2"),
    "recursion": ("def f(): f()\nf()", "RecursionError", "maximum recursion"),
    "null_bytes": ("x = 1\0", "SyntaxError", "null bytes"),
    "weft_lacks_module": ("import comfy.ldm.flux.model", "Weft has no module comfy.ldm.flux.model", "ComfyUI only"),
    "weft_lacks_name": ("from comfy.utils import nothing_such", "Weft's comfy.utils has no nothing_such", "ComfyUI"),
    "peer_only": ("from app.user_manager import UserManager", "Weft has no module app.user_manager", "ComfyUI"),
    "attribute": ("import comfy\ncomfy.utils.nothing_such", "Weft's comfy.utils has no nothing_such", "line 2"),
}


@pytest.mark.parametrize("kind", FAILING)
def test_a_failing_pack_is_told_with_its_reason_and_harms_nothing(bench, kind, caplog):
    text, said, also = FAILING[kind]
    bench.write("a_bad", {"__init__.py": "from . import inner", "inner.py": text})
    bench.write("good", plain("Good"))
    search = list(sys.path)
    before = {name for name in sys.modules if name.startswith("custom_nodes")}
    loaded = bench.load()
    bad = bench.pack("a_bad")
    assert bad.error is not None
    assert said in bad.error and also in bad.error
    assert bad.error.startswith("It could not be imported: ") and bad.error.endswith(".")
    assert "Traceback" not in bad.error
    assert bad.nodes == ()
    assert bench.pack("good").nodes == ("Good",)
    assert sys.path == search
    now = {name for name in sys.modules if name.startswith("custom_nodes")} - before
    assert now <= {"custom_nodes", "custom_nodes.good"}, "what was imported partially is gone"
    logged = next(record for record in caplog.records if "a_bad" in record.getMessage())
    assert bad.error in logged.getMessage()
    frames = traceback.extract_tb(logged.exc_info[2])
    assert frames[0].filename.endswith("a_bad/__init__.py"), "Weft's own frames are no help"
    assert len(loaded.nodes) == 1


def test_what_a_failing_pack_did_is_undone(bench):
    text = """
    import sys, os
    here = os.path.dirname(__file__)
    sys.path.insert(0, here)
    import left_behind_by_a_pack
    from server import PromptServer
    @PromptServer.instance.routes.get("/bad/route")
    async def handler(request): ...
    PromptServer.instance.add_on_prompt_handler(lambda data: data)
    import nodes
    nodes.NODE_CLASS_MAPPINGS["Injected"] = object
    raise ValueError("after all that")
    """
    bench.write("a_bad", {"__init__.py": text, "left_behind_by_a_pack.py": "x = 1"})
    bench.write("good", plain("Good") + "import nodes\nassert 'Injected' not in nodes.NODE_CLASS_MAPPINGS\n")
    loaded = bench.load()
    assert "after all that" in (bench.pack("a_bad").error or "")
    assert bench.pack("good").error is None
    assert "left_behind_by_a_pack" not in sys.modules
    assert not any(str(bench.folder) in entry for entry in sys.path)
    assert loaded.host.prompt_handlers == []
    assert loaded.serve_routes() is None


def test_import_cycles_are_told(bench):
    files = {"__init__.py": "from .a import A", "a.py": "from .b import B\nA = 1", "b.py": "from .a import A\nB = 1"}
    bench.write("cycle", files)
    bench.load()
    assert "partially initialized module" in (bench.pack("cycle").error or "")


def test_a_cycle_that_python_can_solve_is_none(bench):
    files = {
        "__init__.py": plain("Cyc") + "\nfrom . import a\n",
        "a.py": "from . import b\ndef f():\n    return b.g()\n",
        "b.py": "from . import a\ndef g():\n    return 1\n",
    }
    bench.write("cycle", files)
    bench.load()
    assert bench.pack("cycle").error is None


def test_a_folder_without_a_package_is_told(bench):
    bench.write("data", {"readme.md": "nothing here"})
    bench.load()
    assert "A pack is a folder with an __init__.py" in (bench.pack("data").error or "")


def test_a_pack_that_declares_nothing_is_told(bench):
    bench.write("empty", "x = 1")
    bench.load()
    assert "It declares no nodes" in (bench.pack("empty").error or "")


def test_requirements_are_named_as_the_remedy(bench):
    bench.write("needs", {"__init__.py": "import no_such_module_anywhere", "requirements.txt": "no-such"})
    bench.load()
    assert "Install what its requirements.txt names" in (bench.pack("needs").error or "")


def test_printing_at_import_is_fine(bench, capsys):
    bench.write("chatty", "print('hello from a pack')\n" + plain("Chatty"))
    bench.load()
    assert bench.pack("chatty").error is None
    assert "hello from a pack" in capsys.readouterr().out


def test_built_in_names_win_and_the_pack_is_told(bench):
    text = plain("Extra") + "\nNODE_CLASS_MAPPINGS['KSampler'] = Extra\n"
    bench.write("greedy", text)
    loaded = bench.load()
    assert bench.pack("greedy").nodes == ("Extra",)
    assert "Its node KSampler is not used: Weft itself" in (bench.pack("greedy").error or "")
    assert loaded.registry["KSampler"].spec.python_module == "nodes.sampling"


def test_of_two_packs_with_one_name_the_first_wins(bench):
    bench.write("a", plain("Twice"))
    bench.write("b", plain("Twice"))
    loaded = bench.load()
    assert loaded.registry["Twice"].spec.python_module == "custom_nodes.a"
    assert "the pack a has a node of that name" in (bench.pack("b").error or "")


def test_one_bad_class_leaves_the_others_alone(bench):
    text = (
        plain("Fine")
        + """
class NoInputs:
    RETURN_TYPES = ()
    FUNCTION = "go"
    def go(self): pass

class Fails(Fine):
    @classmethod
    def INPUT_TYPES(cls):
        raise KeyError("not ready")

class Malformed(Fine):
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"x": ()}}

NODE_CLASS_MAPPINGS.update({"NoInputs": NoInputs, "Fails": Fails, "Malformed": Malformed, "NoClass": 5, 7: Fine})
"""
    )
    bench.write("mixed", text)
    bench.load()
    pack = bench.pack("mixed")
    assert pack.nodes == ("Fine",)
    for name in ("NoInputs", "Fails", "Malformed", "NoClass", "7"):
        assert name in (pack.error or "")


def test_prestartup_scripts_run_before_anything_is_imported(bench):
    bench.write(
        "z_late", {"prestartup_script.py": "import os\nos.environ['WEFT_PRE'] = 'ran'", "__init__.py": plain("Z")}
    )
    bench.write("a_early", "import os\nassert os.environ['WEFT_PRE'] == 'ran'\n" + plain("A"))
    try:
        bench.load()
    finally:
        os.environ.pop("WEFT_PRE", None)
    assert bench.pack("a_early").error is None
    assert bench.pack("z_late").nodes == ("Z",)


def test_a_failing_prestartup_script_fails_its_pack_alone(bench):
    bench.write("bad", {"prestartup_script.py": "import folder_paths\n1 / 0", "__init__.py": plain("Bad")})
    bench.write("good", plain("Good"))
    bench.load()
    assert "prestartup_script.py" in (bench.pack("bad").error or "")
    assert "ZeroDivisionError" in (bench.pack("bad").error or "")
    assert bench.pack("bad").nodes == ()
    assert bench.pack("good").error is None


def test_the_working_folder_stays(bench):
    here = os.getcwd()  # noqa: PTH109 - what packs change
    bench.write("moves", "import os\nos.chdir('/')\n" + plain("Moves"))
    bench.load()
    assert os.getcwd() == here  # noqa: PTH109


def test_web_folders_translations_and_examples(bench):
    files = {
        "__init__.py": plain("Web") + "\nWEB_DIRECTORY = './js'\n",
        "js/a.js": "",
        "locales/de/main.json": "{}",
        "example_workflows/one.json": "{}",
    }
    path = bench.write("web", files)
    bench.load()
    pack = bench.pack("web")
    assert (pack.web, pack.locales, pack.templates) == (
        str((path / "js").resolve()),
        str((path / "locales").resolve()),
        str((path / "example_workflows").resolve()),
    )
    assert pack.error is None


@pytest.mark.parametrize(
    ("web", "said"),
    [("../..", "outside"), ("/etc", "outside"), ("link", "outside"), ("gone", "not there"), ("a\0b", "no usable name")],
)
def test_a_web_folder_must_be_inside_the_pack(bench, tmp_path, web, said):
    (tmp_path / "secret").mkdir()
    path = bench.write("web", {"__init__.py": plain("Web") + f"\nWEB_DIRECTORY = {web!r}\n"})
    (path / "link").symlink_to(tmp_path / "secret")
    bench.load()
    pack = bench.pack("web")
    assert pack.web is None
    assert said in (pack.error or "")
    assert pack.nodes == ("Web",), "the nodes work all the same"


def test_absolute_web_folders_and_those_of_pyproject(bench):
    one = bench.write(
        "one",
        {"__init__.py": "import os\nWEB_DIRECTORY = os.path.join(os.path.dirname(__file__), 'web')", "web/x.js": ""},
    )
    two = bench.write(
        "two", {"__init__.py": plain("Two"), "pyproject.toml": "[tool.comfy]\nweb = 'dist'\n", "dist/x.js": ""}
    )
    bench.load()
    assert bench.pack("one").web == str((one / "web").resolve())
    assert bench.pack("one").error is None, "a pack may be browser modules alone"
    assert bench.pack("two").web == str((two / "dist").resolve())


def test_closing_forgets_every_module(bench):
    bench.write("gone", {"__init__.py": plain("Gone") + "\nimport folder_paths, nodes\n"})
    before = set(sys.modules)
    loaded = bench.load()
    assert set(sys.modules) - before
    loaded.close()
    bench.opened.clear()
    assert not [name for name in set(sys.modules) - before if name.startswith(("custom_nodes", "weft_pack"))]


def test_classes_are_asked_anew(bench):
    text = """
    import folder_paths
    class Counts:
        count = 0
        @classmethod
        def INPUT_TYPES(cls):
            cls.count += 1
            if cls.count > 2:
                raise RuntimeError("no more")
            return {"required": {"x": (["a"] * cls.count,)}}
        RETURN_TYPES = ()
        FUNCTION = "go"
        def go(self, x): pass
    NODE_CLASS_MAPPINGS = {"Counts": Counts}
    """
    bench.write("counts", text)
    loaded = bench.load()
    assert loaded.registry["Counts"].spec.inputs[0].choices == ("a",)
    assert loaded.refresh()["Counts"].inputs[0].choices == ("a", "a")
    assert loaded.refresh()["Counts"].inputs[0].choices == ("a",), "what fails keeps what it said at first"
    assert loaded.refresh()["KSampler"] == loaded.registry["KSampler"].spec


def test_a_change_anywhere_in_a_pack_is_a_change_of_its_nodes(bench):
    function = (
        "\nfrom execution.node import node\n@node('Fun', category='x')\ndef fun(*, x: int) -> int:\n    return x\n"
    )
    files = {"__init__.py": "from .nodes import *\nfrom .helper import help", "helper.py": "def help(): return 1"}
    path = bench.write("edited", {**files, "nodes.py": plain("Edited") + function})
    bench.write("other", plain("Other"))

    def codes():
        loaded = bench.load()
        return [loaded.registry[name].code for name in ("Edited", "Fun", "Other")]

    first = codes()
    (path / "notes.txt").write_text("not code")
    assert codes() == first
    (path / "helper.py").write_text("def help(): return 2")
    second = codes()
    assert [a == b for a, b in zip(first, second, strict=True)] == [False, False, True]


def test_a_pack_that_ended_the_process_before_is_left_out_and_told(bench, caplog):
    bench.write("quits", {"__init__.py": "import os\nos._exit(7)"})
    bench.write("good", plain("Good"))
    bench.load(set_aside={"quits": "as os._exit(7) does"})
    assert bench.pack("good").nodes == ("Good",)
    assert "as os._exit(7) does" in bench.pack("quits").error
    assert any("quits" in record.getMessage() for record in caplog.records)
