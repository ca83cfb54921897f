"""The content of embeddings that prompts name decides whether a prompt is encoded again."""

import pytest
import torch
from safetensors.torch import save_file

from execution.engine import Engine
from execution.graph import parse_prompt
from execution.node import node
from models.memory import DeviceMemory
from models.sdxl.prompt_tokens import embedding_names
from nodes.catalogue import all_nodes
from nodes.prompt_files import PromptFiles
from tests.execution.engine_helpers import declared_node
from tests.models.small_models import G_WIDTH, L_WIDTH


@pytest.mark.parametrize(
    "prompt, names",
    [
        ("a fox", []),
        ("embedding:one", ["one"]),
        ("a embedding:one, (embedding:two:1.2) and embedding:sub/three.pt", ["one,", "one", "two", "sub/three.pt"]),
        ("not_embedding:one", []),
        ("embedding:", []),
        ("embedding:one,,", ["one,,", "one"]),
    ],
)
def test_names_in_prompts(prompt, names):
    assert embedding_names(prompt) == names


@node("Text", category="t")
def text_node(*, value: str) -> str:
    return value


class Session:
    def __init__(self, models):
        self.folder = models.workspace.root / "models" / "embeddings"
        self.folder.mkdir(parents=True)
        registry = all_nodes()
        registry.add(declared_node(text_node))
        services = (models.workspace, DeviceMemory.choose("cpu"))
        files = PromptFiles(models.workspace)
        self.engine = Engine(registry, services=services, files=files, thread_context=torch.inference_mode)

    def write(self, name, value):
        tensors = {"clip_l": torch.full((1, L_WIDTH), value), "clip_g": torch.full((1, G_WIDTH), value)}
        save_file(tensors, self.folder / f"{name}.safetensors")

    def run(self, text, linked=False):
        given = ["0", 0] if linked else text
        prompt = {
            "0": {"class_type": "Text", "inputs": {"value": text}},
            "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "base.safetensors"}},
            "2": {"class_type": "CLIPTextEncode", "inputs": {"clip": ["1", 1], "text": given}},
        }
        result = self.engine.run_sync(parse_prompt(prompt), ["2"])
        assert result.error is None
        return "2" in result.executed, result


@pytest.fixture
def session(models):
    session = Session(models)
    yield session
    session.engine.close()


@pytest.mark.parametrize("linked", [False, True])
def test_a_prompt_is_encoded_again_when_its_embedding_changes(session, linked):
    prompt = "a embedding:style fox"
    assert session.run(prompt, linked)[0]
    assert not session.run(prompt, linked)[0]
    session.write("style", 0.5)
    ran, first = session.run(prompt, linked)
    assert ran
    assert not session.run(prompt, linked)[0]
    session.write("style", 0.9)
    ran, second = session.run(prompt, linked)
    assert ran
    assert not torch.equal(first.outputs["2"][0][0][0][0], second.outputs["2"][0][0][0][0])
    assert "a file that the text of input text of node 2 (CLIPTextEncode) names" in second.why("2")


def test_other_embeddings_do_not_matter(session):
    session.write("style", 0.5)
    assert session.run("a embedding:style fox")[0]
    assert session.run("a fox")[0]
    session.write("other", 0.1)
    assert not session.run("a embedding:style fox")[0]
    assert not session.run("a fox")[0]
