"""comfy-sdk (PyPI) drives Weft's API v2 unmodified, with and without asyncio."""

from blake3 import blake3

from tests.clients.prompts import check_drawn, check_inverted, upload_bytes


def test_comfy_sdk_draws_uploads_watches_lists_and_reports_errors(drive):
    done = drive("comfy_sdk_client.py", "comfy-sdk", seed=21)
    check_drawn(done.picture("drawn.png"))
    check_inverted(done.picture("inverted.png"))
    report = done.report
    names = [event[0] for event in report["events"]]
    assert names[0] == "status" and report["events"][-1] == ["status", "succeeded"]
    assert "progress" in names and names.count("output") == 1
    assert [event[1] for event in report["events"] if event[0] == "progress"][-1] == 1.0
    assert report["again"] == report["id"]
    kind, content_type, size, name, job_id = report["output"]
    assert (kind, content_type, job_id) == ("image", "image/png", report["id"]) and name == "comfy-sdk_00001_.png"
    assert size == len(done.picture("drawn.png"))
    assert bytes(report["slice"]) == b"\x89PNG\r\n\x1a\n"
    assert report["download"].endswith("/content")
    assert report["workflow"] == "api" and report["seed"] == 21
    assert report["metadata"] == {"client": "comfy-sdk"} and report["listed"] == [report["id"]] and report["pages"]
    content = f"blake3:{blake3(upload_bytes()).hexdigest()}"
    assert report["uploaded"][1] == content and report["twice"] == [False, True, content]
    assert report["cancelled"] in ("canceled", "succeeded")
    assert report["failed"] == {
        "code": "node_execution_error", "node": "2", "class": "TestFails", "message": "on purpose",
    }  # fmt: skip
    refused = report["refused"]
    assert (refused["class"], refused["code"]) == ("InvalidWorkflow", "invalid_workflow")
    assert refused["details"]["node_errors"]["9"][0]["field"] == "images"
    assert report["unknown"]["class"] == report["deleted"]["class"] == "NotFound"
    assert report["missing"]["class"] == "MissingAsset"
    assert report["reused"]["class"] == "IdempotencyKeyReuse"
    assert report["asyncio"]["events"][-1] == "StatusChange" and report["asyncio"]["bytes"] > 1000
