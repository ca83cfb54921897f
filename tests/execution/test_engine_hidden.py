"""Hidden inputs and raw links (facts 5.7), in both styles; what a Context gives."""

from typing import Annotated, Any

import pytest
from engine_helpers import Bench, graph

from execution.context import Services
from execution.dynamic_prompt import DynamicPrompt
from execution.errors import Cancelled
from execution.fields import Hidden, Socket
from execution.legacy import GraphBuilder
from execution.node import Context, node

Anything = Annotated[Any, Socket("*")]


@node("Source", category="test")
def source(*, x: int = 0) -> int:
    return x


@node("Looks", category="test")
def looks(
    *,
    a: int,
    prompt: Annotated[Any, Hidden("PROMPT")] = None,
    info: Annotated[Any, Hidden("EXTRA_PNGINFO")] = None,
    me: Annotated[str, Hidden("UNIQUE_ID")],
    ctx: Context,
) -> Anything:
    return {"prompt": prompt, "info": info, "me": me, "id": ctx.node_id, "same": ctx.prompt == prompt, "x": ctx.extra}


class ClassLooks:
    @classmethod
    def INPUT_TYPES(cls):
        hidden = {"p": "PROMPT", "info": "EXTRA_PNGINFO", "me": "UNIQUE_ID", "dyn": "DYNPROMPT"}
        keys = {"token": "AUTH_TOKEN_COMFY_ORG", "key": "API_KEY_COMFY_ORG"}
        return {"required": {"a": ("*", {"rawLink": True})}, "hidden": {**hidden, **keys}}

    RETURN_TYPES = ("*",)
    FUNCTION = "go"

    def go(self, **given):
        return (given,)


class ListLooks(ClassLooks):
    INPUT_IS_LIST = True


class Expands:
    """Its child reports what it knows of itself."""

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("*",)
    FUNCTION = "go"

    def go(self):
        builder = GraphBuilder()
        child = builder.node("ClassLooks", a=5)
        return {"result": (child.out(0),), "expand": builder.finalize()}


@pytest.fixture
def bench():
    return Bench(source, looks, ClassLooks, ListLooks, Expands)


PROMPT = {
    "1": {"class_type": "Source", "inputs": {"x": 3}},
    "2": {"class_type": "Looks", "inputs": {"a": ["1", 0]}},
}


def test_a_function_gets_what_it_marks_as_hidden(bench):
    nodes = graph(n1=("Source", {"x": 3}), n2=("Looks", {"a": ["1", 0]}))
    extra = {"extra_pnginfo": {"workflow": {"id": 1}}, "more": 2}
    (seen,) = bench.value(nodes, "2", extra=extra)
    assert seen == {"prompt": PROMPT, "info": {"workflow": {"id": 1}}, "me": "2", "id": "2", "same": True, "x": extra}
    assert bench.value(graph(n3=("Looks", {"a": 1})), "3", prompt={"given": {}})[0]["prompt"] == {"given": {}}


def test_a_class_gets_hidden_inputs_and_raw_links(bench):
    nodes = graph(n1=("Source", {"x": 3}), n2=("ClassLooks", {"a": ["1", 0]}))
    extra = {"extra_pnginfo": {"a": 1}, "auth_token_comfy_org": "t", "api_key_comfy_org": "k"}
    (seen,) = bench.value(nodes, "2", extra=extra)
    dynamic = seen.pop("dyn")
    assert isinstance(dynamic, DynamicPrompt)
    assert seen.pop("p")["1"] == {"class_type": "Source", "inputs": {"x": 3}}
    assert seen == {"a": ["1", 0], "info": {"a": 1}, "me": "2", "token": "t", "key": "k"}
    assert bench.started()[0] == "1", "a raw link is a dependency all the same"


def test_a_class_that_takes_lists_gets_hidden_inputs_as_lists(bench):
    (seen,) = bench.value(graph(n2=("ListLooks", {"a": 4})), "2")
    assert (seen["a"], seen["me"], seen["info"]) == ([4], ["2"], [None])


def test_the_dynamic_prompt_knows_expanded_nodes(bench):
    (seen,) = bench.value(graph(n7=("Expands", {})), "7")
    dynamic, me = seen["dyn"], seen["me"]
    assert me == "7.0.0.1"
    assert dynamic.all_node_ids() == {"7", me}
    assert (dynamic.has_node(me), dynamic.has_node("x")) == (True, False)
    assert dynamic.get_node(me) == {"class_type": "ClassLooks", "inputs": {"a": 5}}
    assert (dynamic.get_real_node_id(me), dynamic.get_parent_node_id(me), dynamic.get_display_node_id(me)) == ("7",) * 3
    assert dynamic.get_parent_node_id("7") is None
    assert dynamic.get_original_prompt() == {"7": {"class_type": "Expands", "inputs": {}}}


def test_a_context_of_its_own_serves_a_test_of_a_function():
    class Disk:
        pass

    class FastDisk(Disk):
        pass

    disk = FastDisk()
    ctx = Context(services=[disk])
    ctx.progress(1, 2)
    ctx.preview(None)
    ctx.warn("nobody hears it")
    assert ctx.service(Disk) is ctx.service(FastDisk) is disk
    assert (ctx.prompt, ctx.extra, ctx.node_id) == ({}, {}, "")
    assert looks(a=1, me="1", ctx=ctx)["same"] is False


def test_progress_stops_a_cancelled_node():
    from execution.context import CancelToken

    token = CancelToken()
    ctx = Context(cancel=token)
    heard = []
    token.on_cancel(lambda: heard.append("before"))
    token.cancel()
    token.on_cancel(lambda: heard.append("after"))
    assert heard == ["before", "after"]
    with pytest.raises(Cancelled):
        ctx.progress(1, 2)


def test_a_missing_service_is_named():
    with pytest.raises(LookupError, match="No int was given to the engine"):
        Services().get(int)


def test_a_node_that_takes_a_link_itself_runs_again_when_the_id_in_it_is_another():
    class Raw:
        RETURN_TYPES = ("*",)
        FUNCTION = "go"

        @classmethod
        def INPUT_TYPES(cls):
            return {"required": {"link": ("*", {"rawLink": True})}}

        def go(self, link):
            return (link,)

    class Source(Raw):
        INPUT_TYPES = classmethod(lambda cls: {})

        def go(self):
            return (1,)

    bench = Bench(Source, Raw)
    for source in ("a", "b"):
        nodes = graph(**{source: ("Source", {}), "raw": ("Raw", {"link": [source, 0]})})
        assert bench.value(nodes, "raw") == [[source, 0]]
