"""API v2: whatever is sent, the answer is one of the contract's, and soon."""

import asyncio
import json
import tempfile
from pathlib import Path
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.helpers.serving import NOBODY, served, serving
from tests.web.v2_helpers import V2, png, upload

TEXTS = st.one_of(
    st.text(max_size=20), st.sampled_from(["core/ASSET", "id", "\ud800", "asset_1", "job_x", "../x.png", "a\0"])
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)
REFERENCES = st.fixed_dictionaries(
    {"__type": st.just("core/ASSET"), "info": st.one_of(JSON, st.dictionaries(TEXTS, JSON))}
)
NODES = st.fixed_dictionaries(
    {
        "class_type": st.sampled_from(["Show", "Seeded", "Nope", "Text"]),
        "inputs": st.dictionaries(TEXTS, JSON | REFERENCES),
    }
)
BODIES = st.one_of(
    JSON,
    st.fixed_dictionaries(
        {"workflow": st.one_of(JSON, st.dictionaries(TEXTS, JSON | NODES | REFERENCES, max_size=3))},
        optional={"metadata": JSON, "extra_data": JSON, "hash": JSON, "file_path": JSON, "tags": JSON},
    ),
    st.fixed_dictionaries({"hash": st.just("HASH")}, optional={"file_path": JSON, "tags": JSON}),
)
PATHS = st.sampled_from(["/jobs", "/assets/from-hash"])


def test_fuzzed_bodies_and_paths_are_answered(tmp_path):
    """One server for all examples, on a loop of its own."""
    loop = asyncio.new_event_loop()
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    context = served(folder, NOBODY)
    server = loop.run_until_complete(context.__aenter__())
    known = loop.run_until_complete(upload(server, png(), file_path="a.png"))["hash"]

    async def ask(method, path, **options):
        async with asyncio.timeout(20), server.session.request(method, server.url + path, **options) as answer:
            text = await answer.text()
            assert answer.status < 500, (method, path, options, text)
            if answer.status >= 400:
                assert json.loads(text)["error"]["code"] and "Traceback" not in text

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(BODIES, PATHS)
    def bodies(body, path):
        if isinstance(body, dict) and body.get("hash") == "HASH":
            body = {**body, "hash": known}
        loop.run_until_complete(ask("POST", V2 + path, data=json.dumps(body)))

    @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(
        st.sampled_from(["/jobs/", "/assets/", "/assets/by-hash/"]),
        st.text(max_size=12),
        st.sampled_from(["", "/content", "/workflow"]),
    )
    def paths(start, text, end):
        name = quote(text, safe="", errors="surrogatepass") or "x"
        loop.run_until_complete(ask("GET", f"{V2}{start}{name}{end}"))

    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(
        st.dictionaries(
            st.sampled_from(["limit", "status", "cursor", "metadata[a]", "metadata[]"]), st.text(max_size=9)
        )
    )
    def queries(query):
        encoded = "&".join(f"{quote(key)}={quote(value, errors='surrogatepass')}" for key, value in query.items())
        loop.run_until_complete(ask("GET", f"{V2}/jobs?{encoded}"))

    try:
        bodies()
        paths()
        queries()
    finally:
        loop.run_until_complete(context.__aexit__(None, None, None))
        loop.close()


def test_deep_and_surrogate_names(tmp_path):
    async def test(server):
        deep = {}
        for _ in range(240):
            deep = {"a": [deep]}
        for workflow in (
            {"1": {"class_type": "Show", "inputs": {"text": deep}}},
            {"1": {"class_type": "Show", "inputs": {"text": {"__type": "core/ASSET", "info": {"hash": "\ud800"}}}}},
            {"1": {"class_type": "Show", "inputs": {"text": {"__type": "core/ASSET", "info": {"id": "\ud800"}}}}},
        ):
            data = json.dumps({"workflow": workflow})
            async with server.session.post(f"{server.url}{V2}/jobs", data=data) as answer:
                assert answer.status in (201, 422), await answer.text()
        asset = await upload(server, png(), file_path="a.png")
        for name in ("\ud800.png", "ä" * 200 + ".png", "x/" * 300 + "y.png"):
            body = json.dumps({"hash": asset["hash"], "file_path": name})
            async with server.session.post(f"{server.url}{V2}/assets/from-hash", data=body) as answer:
                assert answer.status in (201, 400, 422), (name, await answer.text())
        for path in ("/jobs/job_x7aCA", "/assets/%ED%A0%80", "/jobs/%ED%A0%80", "/jobs/..%2F..%2Fx"):
            await server.get(V2 + path, 404)

    serving(tmp_path, test, NOBODY)
