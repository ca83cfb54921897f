"""@saintno/comfyui-sdk (npm) drives Weft unmodified."""

from tests.clients.prompts import CHECKPOINT, check_drawn, check_inverted
from tests.clients.running import running_server

TOKEN = "a-token-of-the-tests"


def test_saintno_sdk_draws_uploads_and_reports_errors(drive):
    done = drive("saintno_client.mjs", "@saintno/comfyui-sdk", seed=14)
    check_drawn(done.picture("drawn.png"))
    check_inverted(done.picture("inverted.png"))
    report = done.report
    assert report["pending"]
    assert report["progress"] == [["3", step, 3] for step in (1, 2, 3)]
    assert set(report["repeats"]) == {1}
    assert report["uploaded"]["filename"] == "saintno upload.png"
    assert report["refused"]["cause"]["error"]["type"] == "prompt_outputs_failed_validation"
    assert report["failed"]["cause"]["node_type"] == "TestFails"
    assert report["failed"]["cause"]["exception_message"].startswith("on purpose")
    assert CHECKPOINT in report["checkpoints"]
    assert report["samplers"] > 10
    assert report["features"] == {"manager": False, "monitor": False}
    assert report["freed"] and report["folders"] > 5 and report["extensions"]


def test_saintno_sdk_shows_a_token_on_requests_and_on_its_websocket(drive, tmp_path):
    with running_server(tmp_path / "guarded", "--token", TOKEN) as guarded:
        done = drive("saintno_token.mjs", "@saintno/comfyui-sdk", seed=18, to=guarded, token=TOKEN)
    check_drawn(done.picture("drawn.png"))
    assert done.report == {"progress": [1, 2, 3], "refused": 401}
