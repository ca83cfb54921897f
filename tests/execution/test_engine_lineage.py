"""What a node may learn of the nodes that its inputs came from."""

from typing import Annotated, Any

from engine_helpers import Bench, graph

from execution.cache import MemoryCache
from execution.fields import Files, Mentions, Socket
from execution.node import Context, Lazy, Subgraph, node

Anything = Annotated[Any, Socket("*")]


@node("Number", category="test")
def number(*, x: int = 0) -> int:
    return x


@node("Numbers", category="test")
def numbers(*, up_to: int = 3) -> list[int]:
    return list(range(up_to))


@node("Load", category="test")
def load(*, name: Annotated[str, Files("models")], seed: int = 0) -> Anything:
    return f"{name} {seed}"


@node("Say", category="test")
def say(*, text: Annotated[str, Mentions("words")] = "", value: Anything = None) -> Anything:
    return text, value


@node("Either", category="test")
async def either(*, first: bool, one: Lazy[Anything], other: Lazy[Anything]) -> Anything:
    return await (one if first else other)


@node("Grow", category="test")
def grow(*, name: str) -> Anything | Subgraph:
    plan = Subgraph()
    return plan.returning(plan.add("Load", name=name, seed=7).out())


@node("Keep", category="test", output=True)
def keep(*, value: Anything, ctx: Context) -> Anything:
    return {one.ref.id: one for one in ctx.ancestors()}


@node("KeepLater", category="test", output=True)
async def keep_later(*, value: Anything, ctx: Context) -> Anything:
    return {one.ref.id: one for one in ctx.ancestors()}


class Digests:
    def digest(self, folder, name):
        return f"digest of {folder}/{name}"

    def mentioned(self, folder, text):
        return ""


def bench(**options):
    nodes = (number, numbers, load, say, either, grow, keep, keep_later)
    return Bench(*nodes, files=Digests(), **options)


def chain(kind="Keep"):
    return graph(
        seed=("Number", {"x": 42}),
        loader=("Load", {"name": "a.bin", "seed": ["seed", 0]}),
        said=("Say", {"text": "hello", "value": ["loader", 0]}),
        other=("Load", {"name": "b.bin"}),
        end=(kind, {"value": ["said", 0]}),
        beside=("Keep", {"value": ["other", 0]}),
    )


def test_only_what_is_upstream_is_told_with_values_and_files():
    for kind in ("Keep", "KeepLater"):
        (found,) = bench().value(chain(kind), "end")
        assert found.keys() == {"end", "said", "loader", "seed"}
        assert found["loader"].values == {"name": ("a.bin",), "seed": (42,)}
        assert found["loader"].files == {"name": "digest of models/a.bin"}
        assert found["loader"].spec.name == "Load"
        assert (found["said"].values, found["said"].mentions) == ({"text": ("hello",)}, {"text": "words"})


def test_what_came_from_the_cache_is_told_as_well():
    one = bench()
    one.value(chain(), "end")
    (found,) = one.value(chain("KeepLater"), "end")
    assert "loader" in one.engine.run_sync(chain(), ["end"]).cached
    assert found["loader"].values == {"name": ("a.bin",), "seed": (42,)}
    assert found["loader"].files == {"name": "digest of models/a.bin"}


def test_a_value_that_was_let_go_is_not_known():
    (found,) = bench(cache=MemoryCache.none()).value(chain(), "end")
    assert found["loader"].values == {"name": ("a.bin",), "seed": ()}


def test_a_link_that_gave_several_values_tells_them_all():
    several = graph(
        many=("Numbers", {"up_to": 3}),
        loader=("Load", {"name": "a.bin", "seed": ["many", 0]}),
        end=("Keep", {"value": ["loader", 0]}),
    )
    found = bench().value(several, "end")
    assert [one["loader"].values["seed"] for one in found] == [(0, 1, 2)] * 3


def test_a_branch_that_was_not_taken_is_not_told():
    def branches(first):
        return graph(
            a=("Load", {"name": "a.bin"}),
            b=("Load", {"name": "b.bin"}),
            choice=("Either", {"first": first, "one": ["a", 0], "other": ["b", 0]}),
            end=("Keep", {"value": ["choice", 0]}),
        )

    assert bench().value(branches(True), "end")[0].keys() == {"end", "choice", "a"}
    assert bench().value(branches(False), "end")[0].keys() == {"end", "choice", "b"}


def test_nodes_that_a_node_made_are_told():
    (found,) = bench().value(graph(g=("Grow", {"name": "x.bin"}), end=("Keep", {"value": ["g", 0]})), "end")
    made = [one for one in found.values() if one.ref.parent == "g"]
    assert [(one.ref.real, one.values, one.files) for one in made] == [
        ("g", {"name": ("x.bin",), "seed": (7,)}, {"name": "digest of models/x.bin"})
    ]


def test_a_context_without_an_engine_knows_none():
    assert Context().ancestors() == []
