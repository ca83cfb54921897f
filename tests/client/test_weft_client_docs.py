"""The example at the head of docs/client.md is what it says: ten lines that run."""

import asyncio
import contextlib
import io
import json
import re
from pathlib import Path

from tests.web.helpers.serving import serving
from tests.web.v2_helpers import loaded, png, worker

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_runs_and_has_ten_lines(tmp_path):
    text = (ROOT / "docs" / "client.md").read_text()
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    assert len([line for line in example.splitlines() if line.strip()]) <= 10
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "photo.png").write_bytes(png((3, 4, 5)))
    prompt = loaded("to be set")
    prompt["11"] = {"class_type": "Colour", "inputs": {"seed": 1}}
    prompt["12"] = {"class_type": "SaveImage", "inputs": {"images": ["11", 0], "filename_prefix": "drawn"}}
    (mine / "workflow.json").write_text(json.dumps(prompt))

    def run(url):
        said = io.StringIO()
        with contextlib.chdir(mine), contextlib.redirect_stdout(said):
            exec(compile(example.replace("http://127.0.0.1:8188", url), "docs/client.md", "exec"), {})
        return said.getvalue()

    async def test(server):
        said = await asyncio.to_thread(run, server.url)
        assert "100%" in said and "{'11': 5}" in said
        assert len(list((mine / "pictures").iterdir())) == 2

    serving(tmp_path, test, [worker(tmp_path)])


def test_the_readmes_example_runs_as_it_stands(tmp_path):
    text = (ROOT / "README.md").read_text()
    example = re.search(r"```python\n(.*?)```", text, re.DOTALL)[1]
    mine = tmp_path / "mine"
    mine.mkdir()
    prompt = {
        "11": {"class_type": "Colour", "inputs": {"seed": 1}},
        "12": {"class_type": "SaveImage", "inputs": {"images": ["11", 0], "filename_prefix": "drawn"}},
    }
    (mine / "workflow.json").write_text(json.dumps(prompt))

    def run(url):
        said = io.StringIO()
        with contextlib.chdir(mine), contextlib.redirect_stdout(said):
            exec(compile(example.replace("http://127.0.0.1:8188", url), "README.md", "exec"), {})
        return said.getvalue()

    async def test(server):
        (path,) = (await asyncio.to_thread(run, server.url)).split()
        assert (mine / path).read_bytes().startswith(b"\x89PNG")

    serving(tmp_path, test, [worker(tmp_path)])


def test_every_name_that_the_page_uses_is_there():
    import client

    text = (ROOT / "docs" / "client.md").read_text()
    for name in re.findall(r"weft\.(\w+)\(", text):
        assert hasattr(client.Weft, name), name
    for name in re.findall(r"\| `([A-Z]\w+)` \|", text):
        assert issubclass(getattr(client, name), client.WeftError), name
