"""comfyui-utils (PyPI) drives Weft unmodified."""

from tests.clients.prompts import check_drawn


def test_comfyui_utils_follows_a_job_by_callbacks(drive):
    done = drive("comfyui_utils_client.py", "comfyui-utils", seed=12)
    check_drawn(done.picture("drawn.png"))
    report = done.report
    assert set(report["repeats"]) == {1}
    assert report["positions"] and set(report["positions"]) == {0}
    assert [told for told in report["progress"] if told[0] == 3 and told[2]] == [[3, 1, 3], [3, 2, 3], [3, 3, 3]]
    assert report["refused"] == "\nNode 9, images: Required input is missing"
