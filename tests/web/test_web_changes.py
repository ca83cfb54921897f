"""`set` beside a prompt changes inputs by the names of their nodes."""

import pytest

from tests.execution.small_worker import FUNCTIONS
from tests.web.helpers.serving import NOBODY, serving, small_nodes
from web.changes import with_changes
from web.refusal import Refusal

assert FUNCTIONS
CATALOGUE = small_nodes().catalogue()


def prompt():
    return {
        "1": {"class_type": "Text", "inputs": {"text": "a"}, "_meta": {"title": "My text"}},
        "2": {"class_type": "Text", "inputs": {"text": "b"}},
        "3": {"class_type": "Show", "inputs": {"text": ["1", 0]}},
        "4": {"class_type": "Seeded", "inputs": {"seed": 1}},
        "5": {"class_type": "Seeded", "inputs": {}},
    }


def changed(**given):
    before = prompt()
    after = with_changes(before, {}, given, CATALOGUE)
    assert before == prompt(), "what was given is not changed"
    return {
        f"{node}.{name}": value
        for node, written in after.items()
        for name, value in written["inputs"].items()
        if prompt()[node]["inputs"].get(name) != value
    }


def test_nodes_go_by_id_title_and_type():
    assert changed(**{"1.text": "x"}) == {"1.text": "x"}
    assert changed(**{"my text.text": "x"}) == {"1.text": "x"}
    assert changed(**{"Text.text": "x"}) == {"1.text": "x", "2.text": "x"}
    assert changed(seed=9) == {"4.seed": 9, "5.seed": 9}
    assert changed(**{"3.text": "no link any more"}) == {"3.text": "no link any more"}


def test_a_value_never_becomes_a_link():
    assert changed(**{"3.text": ["2", 0]}) == {"3.text": {"__value__": ["2", 0]}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["1.text"], "not a JSON object"),
        ({"text": 1}, "NODE.INPUT"),
        ({".text": 1}, "NODE.INPUT"),
        ({"7.text": 1}, "node '7'"),
        ({"1.txt": 1}, "no input 'txt'"),
    ],
)
def test_what_is_not_there_is_named(given, said):
    with pytest.raises(Refusal) as refused:
        with_changes(prompt(), {}, given, CATALOGUE)
    assert said in refused.value.message and refused.value.status == 400 and refused.value.remedy


def test_the_nearest_name_is_offered():
    with pytest.raises(Refusal) as refused:
        with_changes(prompt(), {}, {"1.tex": 1}, CATALOGUE)
    assert "text" in refused.value.remedy


def test_what_would_take_long_is_refused_at_once():
    with pytest.raises(Refusal):
        with_changes(prompt(), {}, {f"{number}.seed": 1 for number in range(1_001)}, CATALOGUE)
    titled = {str(n): {"class_type": "Text", "inputs": {}, "_meta": {"title": "ab" * 5_000}} for n in range(300)}
    with pytest.raises(Refusal) as refused:  # comparing long texts letter by letter takes minutes
        with_changes(titled, {}, {"ba" * 5_000 + ".text": 1}, CATALOGUE)
    assert len(refused.value.remedy) < 1_000


def test_the_workflow_that_pictures_carry_changes_alike():
    node = {"id": 4, "type": "Seeded", "inputs": [], "outputs": [], "widgets_values": [1, "fixed"]}
    workflow = {"nodes": [node], "links": [], "version": 0.4}
    extra = {"extra_pnginfo": {"workflow": workflow, "more": 1}}
    with_changes(prompt(), extra, {"4.seed": 12}, CATALOGUE)
    assert extra["extra_pnginfo"]["workflow"]["nodes"][0]["widgets_values"][0] == 12
    assert extra["extra_pnginfo"]["more"] == 1 and node["widgets_values"][0] == 1


def test_prompts_are_queued_with_their_changes(tmp_path):
    async def test(server):
        job_id = await server.queue(prompt(), set={"4.seed": 77})
        assert (await server.store.get(job_id)).prompt["4"]["inputs"]["seed"] == 77
        node = {"id": 4, "type": "Seeded", "inputs": [], "outputs": [], "widgets_values": [1, "fixed"]}
        converted = await server.queue({"nodes": [node], "links": [], "version": 0.4}, set={"Seeded.seed": 78})
        job = await server.store.get(converted)
        assert job.prompt["4"]["inputs"]["seed"] == 78
        assert job.extra["extra_pnginfo"]["workflow"]["nodes"][0]["widgets_values"][0] == 78
        told = await server.post("/prompt", {"prompt": prompt(), "set": {"4.sed": 1}}, 400)
        assert told["error"]["type"] == "invalid_set" and "seed" in told["error"]["details"]

    serving(tmp_path, test, NOBODY)
