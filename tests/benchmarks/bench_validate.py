"""How long reading, converting and validating take: `python -m tests.benchmarks.bench_validate`."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from execution.graph import Graph, parse_prompt
from execution.validate import validate
from execution.workflow import prompt_to_ui, read_workflow, ui_to_prompt
from tests.execution.workflow_samples import CATALOGUE, list_files, subgraph, ui_node, workflow
from tests.parity.stock_catalogue import WORKFLOWS, differences, read, stock_catalogue

REPEATS = 3


def best(work: Callable[[], Any]) -> tuple[float, Any]:
    """The shortest of a few runs, in seconds of this process's own time, and the last result."""
    shortest, result = float("inf"), None
    for _ in range(REPEATS):
        gc.collect()
        started = time.process_time()
        result = work()
        shortest = min(shortest, time.process_time() - started)
    return shortest, result


def sampler_chain(count: int) -> dict[str, Any]:
    """A prompt of `count` nodes, nearly all of them samplers with eight inputs, each taking the one before it."""
    prompt: dict[str, Any] = {
        "c": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "base.safetensors"}},
        "t": {"class_type": "CLIPTextEncode", "inputs": {"text": "a", "clip": ["c", 1]}},
        "0": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512}},
    }
    fixed = {"model": ["c", 0], "positive": ["t", 0], "steps": 20, "cfg": 8.0, "sampler_name": "euler", "denoise": 1.0}
    for number in range(1, count - 4):
        inputs = {**fixed, "seed": number, "latent_image": [str(number - 1), 0]}
        prompt[str(number)] = {"class_type": "KSampler", "inputs": inputs}
    prompt["d"] = {"class_type": "VAEDecode", "inputs": {"samples": [str(count - 5), 0], "vae": ["c", 2]}}
    prompt["s"] = {"class_type": "SaveImage", "inputs": {"images": ["d", 0], "filename_prefix": "x"}}
    return prompt


def nested(depth: int) -> dict[str, Any]:
    """A workflow whose only real node is `depth` subgraphs deep."""
    definitions = [subgraph("g0", [ui_node(1, "SaveImage")], [])]
    definitions += [subgraph(f"g{level}", [ui_node(1, f"g{level - 1}")], []) for level in range(1, depth)]
    return workflow([ui_node(1, f"g{depth - 1}")], [], tuple(definitions))


def report(what: str, seconds: float) -> None:
    print(f"{what:<66}{seconds * 1000:10.1f} ms")


def sizes() -> None:
    prompt = sampler_chain(100_000)
    seconds, graph = best(lambda: parse_prompt(prompt))
    report("parse a prompt of 100,000 nodes", seconds)
    report("validate it (no problem)", best(lambda: validate(graph, CATALOGUE, list_files))[0])
    for entry in prompt.values():
        entry["inputs"].pop("model", None)
        entry["inputs"]["steps"] = -1
    broken: Graph = parse_prompt(prompt)
    seconds, verdict = best(lambda: validate(broken, CATALOGUE, list_files))
    report(f"validate it with {len(verdict.problems):,} problems", seconds)
    deep = nested(1_000)
    report("convert subgraphs nested 1,000 deep", best(lambda: ui_to_prompt(deep, CATALOGUE, list_files))[0])


def real_files(folder: Path) -> None:
    catalogue = stock_catalogue()
    files = sorted((folder / "ui").glob("*.json"), key=lambda file: file.stat().st_size)
    data = files[-1].read_bytes()
    report(f"read the largest file ({len(data):,} bytes)", best(lambda: read_workflow(data))[0])
    document = read_workflow(data).document
    report("convert it to an API prompt", best(lambda: ui_to_prompt(document, catalogue, lambda _: []))[0])
    prompt = ui_to_prompt(document, catalogue, lambda _: []).prompt
    report("convert that back to a UI workflow", best(lambda: prompt_to_ui(prompt, catalogue, lambda _: []))[0])
    equal = 0
    for file in files:
        ours = ui_to_prompt(read(file), catalogue, lambda _: []).prompt
        equal += not differences(ours, read(folder / "ui_to_api" / file.name)["output"])
    print(f"{'UI files that give the same prompt as the stock editor':<66}{equal:7} of {len(files)}")


if __name__ == "__main__":
    sizes()
    if WORKFLOWS.is_dir():
        real_files(WORKFLOWS)
    else:
        print("The real files are not here; figures about them are left out.")
