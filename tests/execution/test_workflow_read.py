"""Which format a file has, and the sentence when it has none."""

from __future__ import annotations

import json
import math

import pytest

from execution.problems import WorkflowError
from execution.workflow import read_workflow

PROMPT = {"3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0]}}}
UI = {"nodes": [{"id": 1, "type": "SaveImage"}], "links": [], "version": 0.4}


@pytest.mark.parametrize(
    "document",
    [
        PROMPT,
        {"prompt": PROMPT, "client_id": "x"},
        {"output": PROMPT, "workflow": UI},
        {"prompt": PROMPT, "workflow": UI},
    ],
)
def test_api_prompts_bare_and_wrapped(document):
    found = read_workflow(json.dumps(document).encode())
    assert (found.kind, found.document) == ("api", PROMPT)
    assert read_workflow(document) == found


@pytest.mark.parametrize("document", [UI, {"workflow": UI}])
def test_ui_workflows_bare_and_wrapped(document):
    found = read_workflow(json.dumps(document))
    assert (found.kind, found.document) == ("ui", UI)


def test_extra_data_of_a_request_is_kept():
    assert read_workflow({"prompt": PROMPT, "extra_data": {"a": 1}}).extra_data == {"a": 1}


def test_a_node_whose_id_is_prompt_is_a_node():
    document = {"prompt": {"class_type": "SaveImage", "inputs": {}}}
    assert read_workflow(document).document == document


def test_marks_and_encodings():
    text = json.dumps(PROMPT)
    for data in (text.encode("utf-8-sig"), text.encode("utf-16")):
        assert read_workflow(data).document == PROMPT


def test_nan_outside_inputs_is_accepted():
    text = '{"3": {"class_type": "X", "inputs": {}, "is_changed": [NaN]}}'
    assert math.isnan(read_workflow(text).document["3"]["is_changed"][0])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"   \n", "is empty"),
        (b"{nodes: []}", "not JSON: .* line 1, column 2"),
        (b"steps: 20, Sampler: Euler a", "not JSON"),
        (b"\x89PNG\r\n\x1a\n\xff\xfe", "not text"),
        (b"[1, 2]", "JSON list"),
        (b'"hello"', "only 'hello'"),
        (b"null", "only None"),
        (b"{}", "empty"),
        (b'{"prompt": {}}', "empty"),
        (b'{"name": "x", "seed": 3}', "neither a list 'nodes' nor .*'name', 'seed'"),
        (b'{"nodes": {"1": {}}}', "neither"),
        (b"[" * 100_000, "deep"),
        (b'{"a":' * 600 + b"1" + b"}" * 600, "more than 500 deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "thousands of digits"),
        (json.dumps({str(n): {"class_type": "X"} for n in range(100_001)}).encode(), "100,001 nodes; at most 100,000"),
        (json.dumps({"nodes": [{}] * 100_001}).encode(), "100,001 nodes"),
    ],
)
def test_everything_else_is_refused_with_a_sentence(data, words):
    with pytest.raises(WorkflowError, match=words) as caught:
        read_workflow(data)
    assert len(str(caught.value)) < 400


def test_nodes_inside_subgraphs_count():
    definition = {"id": "a", "nodes": [{}] * 60_000}
    document = {"nodes": [{}] * 50_000, "definitions": {"subgraphs": [definition]}}
    with pytest.raises(WorkflowError, match="110,000 nodes"):
        read_workflow(document)
