"""comfy-ui-client (npm) drives Weft unmodified."""

from tests.clients.prompts import check_drawn, check_inverted


def test_comfy_ui_client_draws_uploads_and_reports_errors(drive):
    done = drive("comfy_ui_client.mjs", "comfy-ui-client", seed=17)
    check_drawn(done.picture("drawn.png"))
    check_inverted(done.picture("inverted.png"))
    report = done.report
    assert set(report["repeats"]) == {1}
    assert report["uploaded"] == {"name": "comfy-ui-client.png", "subfolder": "", "type": "input"}
    assert "prompt_outputs_failed_validation" in report["refused"]
    assert report["failed"] == {}, "a failed job ends the wait, and has no images"
    assert report["queue"] == {"queue_running": [], "queue_pending": []}
    assert report["prompt"] == {"exec_info": {"queue_remaining": 0}}
    assert (report["sampler"], report["stats"], report["embeddings"]) == (["KSampler"], 1, ["weft_embedding"])
    assert report["extensions"]
