"""ComfyScript (PyPI `comfy-script`, virtual mode) drives Weft unmodified."""

from tests.clients.prompts import check_drawn


def test_comfy_script_loads_the_nodes_and_runs_a_script(drive):
    done = drive("comfy_script_client.py", "comfy-script", seed=13)
    check_drawn(done.picture("drawn.png"))
    report = done.report
    assert report["nodes"] == ["KSampler", "LoadImage", "SaveImage"]
    assert report["progress"] == [["KSampler.0", step, 3] for step in (1, 2, 3)]
    assert set(report["repeats"]) == {1}
    assert report["refused_task"]
    assert "required_input_missing" in report["refused"]
    assert "400" in report["refused"]
