"""Group nodes: links and values reach the nodes inside."""

from __future__ import annotations

from tests.execution.workflow_samples import convert, ui_node, workflow


def group():
    """A text encoder and a sampler; the model comes through a reroute, the steps are hidden."""
    nodes = [
        ui_node(-1, "Reroute", None, [("", "*", None)], ["*"]),
        ui_node(-1, "CLIPTextEncode", ["old"], [("clip", "CLIP", None)], ["CONDITIONING"]),
        ui_node(
            -1,
            "KSampler",
            [1, "fixed", 20, 8.0, "euler", 1.0],
            [("model", "MODEL", None), ("positive", "CONDITIONING", None), ("latent_image", "LATENT", None)],
            ["LATENT"],
        ),
    ]
    links = [[0, 0, 2, 0, 5, "MODEL"], [1, 0, 2, 1, 6, "CONDITIONING"], [None, 0, 1, 0, 3, "CLIP"]]
    config = {"1": {"input": {"text": {"name": "prompt"}}}, "2": {"input": {"steps": {"visible": False}}}}
    return {"nodes": nodes, "links": links, "external": [[2, 0, "LATENT"]], "config": config}


def use(prefix="workflow>", values=("new", 5, "randomize", 7.0, "heun", 0.5), **more):
    slots = [("MODEL", "MODEL", 1), ("clip", "CLIP", 2), ("latent_image", "LATENT", 3), *more.pop("slots", ())]
    return ui_node(7, f"{prefix}mine", list(values), slots, ["LATENT"], **more)


def surroundings():
    nodes = [
        ui_node(1, "CheckpointLoaderSimple", ["a"], outputs=["MODEL", "CLIP", "VAE"]),
        ui_node(2, "EmptyLatentImage", [64, 64], outputs=["LATENT"]),
        ui_node(3, "VAEDecode", None, [("samples", "LATENT", 4)]),
    ]
    links = [[1, 1, 0, 7, 0, "MODEL"], [2, 1, 1, 7, 1, "CLIP"], [3, 2, 0, 7, 2, "LATENT"], [4, 7, 0, 3, 0, "LATENT"]]
    return nodes, links


def test_group_node_becomes_the_nodes_it_stands_for():
    nodes, links = surroundings()
    for prefix in ("workflow>", "workflow/"):
        found = convert({**workflow([*nodes, use(prefix)], links, groupNodes={"mine": group()}), "last_node_id": 20})
        assert found.problems == []
        prompt = found.prompt
        assert sorted(prompt) == ["1", "2", "24:22", "24:23", "3"]
        assert prompt["24:22"]["inputs"] == {"text": "new", "clip": ["1", 1]}
        assert prompt["24:23"]["inputs"] == {
            "seed": 5,
            "steps": 20,
            "cfg": 7.0,
            "sampler_name": "heun",
            "denoise": 0.5,
            "model": ["1", 0],
            "positive": ["24:22", 0],
            "latent_image": ["2", 0],
        }
        assert prompt["3"]["inputs"]["samples"] == ["24:23", 0]


def test_converted_widget_of_a_group_node_takes_its_link():
    nodes, links = surroundings()
    nodes.append(ui_node(8, "PrimitiveNode", ["linked"], outputs=["STRING"]))
    node = use(slots=[("prompt", "STRING", 9, "prompt")])
    written = workflow([*nodes, node], [*links, [9, 8, 0, 7, 3, "STRING"]], groupNodes={"mine": group()})
    texts = [entry["inputs"].get("text") for entry in convert(written).prompt.values()]
    assert "linked" in texts and "new" not in texts


def test_missing_and_endless_groups_are_told():
    nodes, links = surroundings()
    found = convert(workflow([*nodes, use()], links))
    assert "is not in the file" in found.problems[0].sentence
    endless = {"nodes": [ui_node(-1, "workflow>mine")], "links": [], "external": [], "config": {}}
    found = convert(workflow([use()], [], groupNodes={"mine": endless}))
    assert "contains itself" in found.problems[-1].sentence


def test_wrong_number_of_values_is_told():
    nodes, links = surroundings()
    found = convert(workflow([*nodes, use(values=("new", 5))], links, groupNodes={"mine": group()}))
    assert [problem.severity for problem in found.problems] == ["warning"]
