"""comfy-api-simplified (PyPI) drives Weft unmodified."""

from tests.clients.prompts import check_drawn, check_inverted


def test_comfy_api_simplified_draws_uploads_and_reports_errors(drive):
    done = drive("comfy_api_simplified_client.py", "comfy-api-simplified", seed=11)
    check_drawn(done.picture("drawn.png"))
    check_inverted(done.picture("inverted.png"))
    report = done.report
    assert set(report["repeats"]) == {1}
    assert report["uploaded"] == {"name": "upload.png", "subfolder": "uploads", "type": "input"}
    assert "status code 400" in report["refused"]
    assert report["failed"] == "Execution error occurred."
    assert report["queue"] == {"queue_running": [], "queue_pending": []}
    assert (report["sampler"], report["devices"], report["embeddings"]) == (["KSampler"], 1, ["weft_embedding"])
