"""The OpenAPI document: all that is served is in it, and nothing else."""

import asyncio
import inspect
import re
import tomllib
from pathlib import Path

import openapi_spec_validator
import pytest

from tests.web.helpers.serving import NOBODY, serving
from web.app import all_routes
from web.openapi import openapi_document, path_parameters, path_template
from web.route import Route
from web.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
SENTENCE = re.compile(r"[A-Z`].*[.`]$", re.DOTALL)
QUERY_READS = re.compile(r"""\.query(?:\.get\(|\.getall\(|\[)\s*["']([A-Za-z_\[\]]+)["']""")


async def handler(request):
    raise AssertionError("not called")


def documented(document):
    """(method, path) of everything that the document says is served."""
    found = set()
    for path, item in document["paths"].items():
        for server in item.get("servers", document["servers"]):
            found |= {(method.upper(), server["url"].rstrip("/") + path) for method in item if method != "servers"}
    return found


def served(app):
    """(method, path) of everything that the application's router answers; files of folders apart."""
    found = set()
    for route in app.router.routes():
        info = route.resource.get_info()
        path = info.get("formatter") or info.get("path")
        assert path is not None, f"{route} is no Route and stands in no document"
        found.add((route.method, path))
    return found


def implied(document):
    """HEAD of what answers GET, which no document lists."""
    return {("HEAD", path) for method, path in documented(document) if method == "GET"}


def test_everything_that_is_served_is_documented_and_nothing_else(tmp_path):
    async def test(server):
        document = await server.get("/openapi.json")
        assert document == await server.get("/api/openapi.json")
        openapi_spec_validator.validate(document)
        assert served(server.app) - implied(document) == documented(document) - implied(document)
        assert served(server.app) >= documented(document) | implied(document)

    serving(tmp_path, test, NOBODY)


def test_every_route_says_what_it_does():
    for route in all_routes():
        where = f"{route.method} {route.path}"
        assert SENTENCE.match(route.summary), where
        assert "\n" not in route.summary and len(route.summary) <= 120, where
        assert route.answers and all(text.endswith(".") for text in route.answers.values()), where
        for name, text in {**route.query, **route.form}.items():
            assert len(text) > 3 and text.endswith("."), f"{where}: {name}"
        assert route.tag and route.method == route.method.upper(), where
        if route.method in ("POST", "PUT", "PATCH") and (route.body is not None):
            assert route.body.get("type") or route.body.get("description"), where


def test_every_parameter_that_a_handler_reads_is_documented():
    for route in all_routes():
        source = inspect.getsource(inspect.unwrap(route.handler))
        read = set(QUERY_READS.findall(source))
        assert read <= {*route.query}, (
            f"{route.method} {route.path} reads {read - {*route.query}}, which is not documented"
        )
        named = set(re.findall(r"""match_info\[["'](\w+)["']\]""", source))
        assert named <= set(path_parameters(route.path)), f"{route.method} {route.path}"


def test_the_reading_of_a_parameter_is_found():
    assert QUERY_READS.findall("request.query['a'] + request.query.get(\"b\", 1)") == ["a", "b"]


def test_every_answer_of_json_has_a_shape():
    for route in all_routes():
        if route.media_type == "application/json" and route.method == "GET" and 200 in route.answers:
            assert route.schema is not None, f"{route.method} {route.path}"


def test_operation_ids_are_unique():
    document = openapi_document(all_routes(), VERSION)
    ids = [
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method != "servers"
    ]
    assert len(ids) == len(set(ids))


def test_paths_lose_their_patterns():
    assert path_template("/view/{rest:.*}/{n:[0-9]{1,3}}") == "/view/{rest}/{n}"
    assert path_parameters("/view/{rest:.*}/{n:[0-9]{1,3}}") == ["rest", "n"]


def test_a_route_becomes_an_operation():
    route = Route(
        "POST",
        "/things/{id}",
        handler,
        "Make a thing.",
        "Things",
        query={"id": "Which.", "colour": "Its colour."},
        form={"file": "A picture."},
        answers={201: "Made.", 404: "No such thing.", 304: "The same."},
        schema={"type": "object"},
        prefixed=False,
    )
    document = openapi_document([route], "1", secured=True)
    openapi_spec_validator.validate(document)
    item = document["paths"]["/things/{id}"]
    operation = item["post"]
    assert item["servers"] == [{"url": "/"}] and document["security"] == [{"token": []}]
    assert [(one["name"], one["in"], one["description"]) for one in operation["parameters"]] == [
        ("id", "path", "Which."),
        ("colour", "query", "Its colour."),
    ]
    assert "multipart/form-data" in operation["requestBody"]["content"]
    assert "content" not in operation["responses"]["304"]
    assert operation["responses"]["404"]["content"]["application/json"]["schema"]["$ref"].endswith("/Error")


@pytest.mark.parametrize("token", [None, "secret"])
def test_the_page_is_served_with_a_strict_policy(tmp_path, token):
    async def test(server):
        headers = {"Authorization": "Bearer secret"} if token else {}
        for name, kind in (("", "text/html"), ("/page/page.js", "text/javascript"), ("/page/page.css", "text/css")):
            async with server.session.get(f"{server.url}/docs{name}", headers=headers) as answer:
                text = await answer.text()
                assert answer.status == 200 and answer.content_type == kind
                policy = answer.headers["Content-Security-Policy"]
                assert "script-src 'self';" in policy and "unsafe" not in policy
                assert not re.search(r"https?://(?!www\.w3\.org)", text), "the page works offline"
                assert "style=" not in text and "onclick" not in text
        told = await server.get("/docs/page/other.js", 404, headers=headers)
        assert told["error"]["type"] == "not_found"
        if token:
            await server.get("/docs", 401)
            assert (await server.get("/openapi.json", headers=headers))["security"]

    serving(tmp_path, test, NOBODY, token=token)


def test_the_version_is_the_projects():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION


def test_many_may_ask_at_once(tmp_path):

    async def test(server):
        answers = await asyncio.gather(*(server.get("/openapi.json") for _ in range(20)))
        assert all(answer == answers[0] for answer in answers)

    serving(tmp_path, test, NOBODY)
