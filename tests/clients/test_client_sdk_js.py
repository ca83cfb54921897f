"""@comfyorg/sdk (npm) drives Weft's API v2 unmodified, and finds every answer to be as its contract says."""

from blake3 import blake3

from tests.clients.prompts import check_drawn, check_inverted, upload_bytes


def test_comfyorg_sdk_draws_uploads_watches_and_reports_errors(drive):
    done = drive("comfyorg_sdk_client.mjs", "@comfyorg/sdk", seed=22)
    check_drawn(done.picture("drawn.png"))
    check_inverted(done.picture("inverted.png"))
    report = done.report
    assert report["events"][-1]["status"] == "succeeded"
    progress = [event["value"] for event in report["events"] if "value" in event]
    assert progress == sorted(progress) and progress[-1] == 1
    kind, content_type, size, name, job_id = report["output"]
    assert (kind, content_type, job_id) == ("image", "image/png", report["id"]) and name.endswith(".png")
    assert size == len(done.picture("drawn.png")) and bytes(report["slice"]) == b"\x89PNG\r\n\x1a\n"
    assert report["workflow"]["format"] == "api" and report["fetched"] == "succeeded"
    assert report["uploaded"][1] == f"blake3:{blake3(upload_bytes()).hexdigest()}"
    assert report["twice"] == [False, True]
    assert report["cancelled"] in ("canceled", "succeeded")
    failed = report["failed"]
    assert failed["class"] == "JobFailed" and failed["error"]["class_type"] == "TestFails"
    assert (report["refused"]["class"], report["refused"]["code"]) == ("InvalidWorkflow", "invalid_workflow")
    assert report["unknown"]["class"] == report["deleted"]["class"] == "NotFound"
    assert report["schemas"] == dict.fromkeys(report["schemas"]), report["schemas"]
