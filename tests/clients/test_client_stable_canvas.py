"""@stable-canvas/comfyui-client (npm) drives Weft unmodified."""

import io

from PIL import Image

from tests.clients.prompts import CHECKPOINT, check_drawn


def test_stable_canvas_client_invokes_workflows_and_reports_errors(drive):
    done = drive("stable_canvas_client.mjs", "@stable-canvas/comfyui-client", seed=15)
    check_drawn(done.picture("drawn.png"))
    report = done.report
    # It numbers nodes in the order in which the script makes them.
    assert report["progress"] == [["5", step, 3] for step in (1, 2, 3)]
    assert report["polled"] == 1
    assert set(report["repeats"]) == {1}
    assert report["refused"]["status"] == 400
    assert list(report["refused"]["json"]["node_errors"]) == ["9"]
    assert "on purpose" in report["failed"]["text"] and "ValueError" in report["failed"]["text"]
    assert CHECKPOINT in report["checkpoints"]
    assert report["samplers"] > 10
    assert (report["stats"], report["logs"], report["history"]) == (1, "string", 3)
    assert report["folders"] > 5
    assert report["socket"] == {"images": 1, "type": "buff", "mime": "image/png"}
    with Image.open(io.BytesIO(done.picture("socket.png"))) as picture:
        assert (picture.format, picture.size) == ("PNG", (128, 128))
