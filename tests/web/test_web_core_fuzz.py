"""Whatever is sent: never an internal error, never a hang. `WEFT_FUZZ=5000` tries so many prompts."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from tests.web.helpers.serving import NOBODY, Served, served, small_nodes

EXAMPLES = int(os.environ.get("WEFT_FUZZ", "300"))
PATIENCE = 20.0  # seconds for one answer

KINDS = sorted(small_nodes().catalogue())
numbers = st.one_of(
    st.integers(), st.floats(), st.sampled_from([2**63, 2**64 - 1, 2**64, -(2**200), 10**400, 1e308, 1e-320])
)
texts = st.one_of(st.text(max_size=20), st.sampled_from(["", "\ud800", "\0", "../../etc/passwd", "1", "__value__"]))
scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
ids = st.one_of(st.sampled_from(["1", "2", "3", "4:5", ""]), texts)
links = st.tuples(ids, st.one_of(st.integers(-2, 3), numbers)).map(list)
inputs = st.dictionaries(
    st.one_of(st.sampled_from(["text", "a", "b", "seed", "count", "value", "name", "word", "what", "message"]), texts),
    st.one_of(links, scalars, values, st.fixed_dictionaries({"__value__": values})),
    max_size=5,
)
nodes = st.one_of(
    st.fixed_dictionaries(
        {"class_type": st.one_of(st.sampled_from(KINDS), values), "inputs": st.one_of(inputs, inputs, values)},
        optional={"_meta": values, "is_changed": values},
    ),
    values,
)
likely = st.fixed_dictionaries(
    {
        "1": st.fixed_dictionaries({"class_type": st.just("Text"), "inputs": st.fixed_dictionaries({"text": scalars})}),
        "2": st.fixed_dictionaries(
            {"class_type": st.just("Seeded"), "inputs": st.fixed_dictionaries({"seed": numbers})}
        ),
        "3": st.just({"class_type": "Show", "inputs": {"text": ["1", 0]}}),
    },
    optional={"4:5": nodes, "\ud800": nodes},
)  # much of it can run
prompts = st.one_of(likely, st.dictionaries(ids, nodes, max_size=6), st.dictionaries(ids, nodes, max_size=6), values)
ui_nodes = st.fixed_dictionaries(
    {"id": values, "type": st.one_of(st.sampled_from([*KINDS, "Reroute", "PrimitiveNode"]), values)},
    optional={"inputs": values, "outputs": values, "widgets_values": values, "mode": values, "properties": values},
)
workflows = st.fixed_dictionaries(
    {"nodes": st.lists(ui_nodes, max_size=4)},
    optional={"links": st.lists(st.one_of(st.lists(values, max_size=6), values), max_size=4), "definitions": values,
              "version": values, "extra": values, "groups": values},
)  # fmt: skip
bodies = st.one_of(
    st.fixed_dictionaries(
        {"prompt": st.one_of(prompts, prompts, workflows)},
        optional={
            "client_id": values, "prompt_id": values, "number": values, "front": values, "extra_data": values,
            "partial_execution_targets": st.one_of(st.lists(ids, max_size=3), values), "webhook": values,
            "workflow": values,
        },
    ),
    values,
)  # fmt: skip

fuzz = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Lasting:
    """A server that stays up over many examples."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self._context = served(folder, NOBODY)
        self.server: Served = self.loop.run_until_complete(self._context.__aenter__())

    def close(self) -> None:
        self.loop.run_until_complete(self._context.__aexit__(None, None, None))
        self.loop.close()

    def ask(self, method: str, path: str, data: bytes | None = None) -> tuple[int, bytes]:
        """Status and body; the path goes out exactly as it is given."""
        return self.loop.run_until_complete(asyncio.wait_for(self._ask(method, path, data), PATIENCE))

    async def _ask(self, method: str, path: str, data: bytes | None) -> tuple[int, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            length = "" if data is None else f"Content-Length: {len(data)}\r\n"
            writer.write((head + length + "\r\n").encode("latin-1") + (data or b""))
            answer = await reader.read()
        finally:
            writer.close()
            await writer.wait_closed()
        head_bytes, _, body = answer.partition(b"\r\n\r\n")
        return int(head_bytes.split()[1]), body


@pytest.fixture(scope="module")
def lasting(tmp_path_factory):
    made = Lasting(tmp_path_factory.mktemp("fuzz"))
    yield made
    made.close()


def check(status: int, body: bytes) -> None:
    assert status < 500, body
    assert b"Traceback" not in body
    if status >= 400 and body:
        error = json.loads(body)["error"]
        assert error.get("type") or error.get("code")
        assert error["message"]


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


@fuzz
@given(body=bodies)
@example(body={"prompt": {"1": {"class_type": "Show", "inputs": {"text": ["1", 0]}}}})
@example(body={"prompt": {"1": {"class_type": "Show", "inputs": {"text": ["1", float("inf")]}}}})
@example(body={"prompt": {"\ud800": {"class_type": "Seeded", "inputs": {}}}, "client_id": "\udfff"})
@example(body={"prompt": {"1": {"class_type": "Seeded", "inputs": {"seed": 10**400}}}, "number": 1e400})
@example(body={"prompt": {"1": {"class_type": "Seeded", "inputs": {}}}, "prompt_id": True, "number": True})
def test_any_prompt_is_accepted_or_refused(lasting, body):
    for path in ("/prompt", "/api/run?wait=0"):
        status, answer = lasting.ask("POST", path, encoded(body))
        event(f"{path} {status}")
        check(status, answer)
        if status < 300:  # what was accepted can be listed, and taken out again
            listed, answer = lasting.ask("GET", "/queue")
            assert listed == 200
            assert json.loads(answer)["queue_pending"]
            assert lasting.ask("POST", "/queue", b'{"clear": true}') == (200, b"")


@fuzz
@given(body=st.one_of(values, st.fixed_dictionaries({}, optional={
    "clear": values, "delete": values, "prompt_id": values, "position": values, "front": values, "number": values,
    "job_ids": values, "reason": values, "unload_models": values, "webhook": values})))  # fmt: skip
def test_any_body_is_taken_or_refused(lasting, body):
    for path in ("/queue", "/history", "/interrupt", "/free", "/api/queue/move", "/api/jobs/cancel",
                 "/api/queue/pause", "/api/queue/resume", "/api/jobs/x/cancel"):  # fmt: skip
        check(*lasting.ask("POST", path, encoded(body)))


@fuzz
@given(body=st.binary(max_size=200))
def test_any_bytes_are_taken_or_refused(lasting, body):
    for path in ("/prompt", "/queue", "/interrupt"):
        check(*lasting.ask("POST", path, body))


pieces = st.one_of(
    st.sampled_from(["", ".", "..", "%2e%2e", "%2f", "%00", "%ff", "%ED%A0%80", "~", "api", "v2", "prompt", "history",
                     "jobs", "object_info", "queue", "ws", "view", "userdata", "a" * 300, "%", "%zz", "*", "{x}"]),
    st.text(max_size=8).map(lambda text: quote(text, safe="", errors="replace")),
    st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="?# "), max_size=8),
)  # fmt: skip
queries = st.lists(
    st.tuples(
        st.sampled_from(["max_items", "offset", "limit", "status", "sort_by", "clientId", "wait", "token", "filename"]),
        st.one_of(pieces, st.integers().map(str), st.floats().map(str)),
    ),
    max_size=3,
).map(lambda pairs: "&".join(f"{name}={value}" for name, value in pairs))
ROOTS = ("/", "/api/", "/api/v2/", "/history/", "/api/jobs/", "/object_info/", "/api/global_subgraphs/")


@settings(fuzz, max_examples=max(EXAMPLES * 2 // 5, 300))
@given(
    method=st.sampled_from(["GET", "GET", "POST", "HEAD", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "ODD"]),
    root=st.sampled_from(ROOTS),
    rest=st.lists(pieces, max_size=4).map("/".join),
    query=queries,
)
def test_any_address_is_answered(lasting, method, root, rest, query):
    status, body = lasting.ask(method, f"{root}{rest}?{query}")
    assert status < 500, body
    assert b"Traceback" not in body
