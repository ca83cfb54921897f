import pytest

from folders.shown_files import still_there
from folders.workspace import Workspace


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "output" / "day").mkdir(parents=True)
    (tmp_path / "output" / "day" / "a.png").write_bytes(b"a")
    return Workspace(tmp_path)


def shown(name, folder="", kind="output"):
    return {"images": [{"filename": name, "subfolder": folder, "type": kind}]}


def test_a_file_is_there_or_not(workspace):
    assert still_there(workspace, shown("a.png", "day"))
    assert not still_there(workspace, shown("a.png"))
    assert not still_there(workspace, shown("a.png", "day", "temp"))


@pytest.mark.parametrize(
    "ui",
    [
        {},
        {"text": ["three words", 4, None]},
        {"images": [{"source": "websocket"}]},
        shown("../outside.png"),
        shown("a.png", "day", "elsewhere"),
        shown("x" * 300 + ".png"),
        shown("\ud800.png"),
    ],
)
def test_what_names_no_file_of_the_users_cannot_be_gone(workspace, ui):
    assert still_there(workspace, ui)
