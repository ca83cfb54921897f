"""comfy-cli (PyPI), the ecosystem's command line, drives Weft unmodified."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.clients import prompts
from tests.clients.installing import python_client

TEMPLATE = Path(__file__).resolve().parents[2] / "templates" / "base_refiner.json"


@pytest.fixture
def comfy(server, client_environment, tmp_path):
    """Run `comfy ARGUMENTS --host H --port P`; gives the exit code and the JSON that it prints, a line each."""
    program = python_client("comfy-cli").parent / "comfy"

    def run(*arguments, address=True):
        where = ["--host", "127.0.0.1", "--port", str(server.port)] if address else []
        environment = {**client_environment, "COMFY_LOCAL_URL": server.url, "COMFY_CLI_NO_REMOTE_REFRESH": "1"}
        done = subprocess.run(
            [str(program), "--skip-prompt", "--json-stream", "--where", "local", *arguments, *where],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        assert lines, done.stdout + done.stderr
        return done.returncode, lines

    return run


@pytest.fixture
def workflow(tmp_path):
    def write(content):
        path = tmp_path / "workflow.json"
        path.write_text(json.dumps(content))
        return str(path)

    return write


def events(lines, kind):
    return [line for line in lines if line.get("type") == kind]


def test_comfy_run_follows_a_prompt_and_downloads_its_picture(comfy, workflow, tmp_path):
    code, lines = comfy("run", "--workflow", workflow(prompts.text_to_image(21, steps=3)), "--wait")
    assert code == 0, lines
    cached = {event["node"] for event in events(lines, "execution_cached")}
    assert [e["node"] for e in events(lines, "executing")] == [
        n for n in ("4", "6", "7", "3", "8", "9") if n not in cached
    ]
    assert events(lines, "progress")[-1]["total"] == 3
    (output,) = events(lines, "output")
    assert "/view?" in output["url"]
    prompt_id = events(lines, "queued")[0]["prompt_id"]
    code, lines = comfy("download", prompt_id, "--out-dir", str(tmp_path / "got"), address=False)
    assert code == 0, lines
    (picture,) = (tmp_path / "got").rglob("*.png")
    prompts.check_drawn(picture.read_bytes())
    code, lines = comfy("jobs", "status", prompt_id)
    assert code == 0 and "completed" in json.dumps(lines[-1])


def test_comfy_run_converts_a_ui_workflow_by_the_servers_catalogue(comfy, workflow):
    template = json.loads(TEMPLATE.read_text())
    code, lines = comfy("run", "--workflow", workflow(template), "--wait")
    assert code == 0, lines
    assert events(lines, "converted")
    assert events(lines, "output")


def test_comfy_upload_then_run_reads_the_picture(comfy, workflow, server, tmp_path):
    (tmp_path / "from cli.png").write_bytes(prompts.upload_bytes())
    code, lines = comfy("upload", str(tmp_path / "from cli.png"))
    assert code == 0, lines
    code, lines = comfy("run", "--workflow", workflow(prompts.inverted("from cli.png")), "--wait")
    assert code == 0, lines
    path = events(lines, "output")[0]["url"].removeprefix(server.url)
    status, data = server.request("GET", path)
    assert status == 200
    prompts.check_inverted(data)


def test_comfy_run_reports_what_validation_refuses(comfy, workflow):
    code, lines = comfy("run", "--workflow", workflow(prompts.refused()), "--wait")
    assert code != 0
    assert "images" in json.dumps(lines[-1])


def test_comfy_run_reports_the_node_that_fails(comfy, workflow):
    code, lines = comfy("run", "--workflow", workflow(prompts.failing(22)), "--wait")
    assert code == 1
    assert "on purpose" in json.dumps(lines[-1])
    assert lines[-1]["error"]["details"]["class_type"] == "TestFails"


def test_comfy_jobs_cancel_stops_what_runs(comfy, workflow, server):
    prompt = prompts.failing(23)
    prompt["4"]["inputs"]["steps"] = 10_000
    code, lines = comfy("run", "--workflow", workflow(prompt), "--no-watch")
    assert code == 0, lines
    (running,) = server.get("/queue")["queue_running"] or server.get("/queue")["queue_pending"]
    code, lines = comfy("jobs", "cancel", running[1])
    assert code == 0, lines
    server.wait_until_idle()
    status = server.get(f"/history/{running[1]}")[running[1]]["status"]
    assert status["messages"][-1][0] == "execution_interrupted"


def test_comfy_asks_for_the_state_of_the_server(comfy):
    for command in (("system-stats",), ("models", "list-folders"), ("jobs", "ls"), ("free",)):
        code, lines = comfy(*command, address=command[0] == "jobs")
        assert code == 0, (command, lines)
