"""Walking through folders with links in them."""

from folders.walking import walk_once


def test_each_folder_comes_once_also_where_links_lead_in_circles(tmp_path):
    for name in ("b", "a", ".hidden"):
        (tmp_path / "base" / name).mkdir(parents=True)
        (tmp_path / "base" / name / "x").touch()
        (tmp_path / "base" / name / "up").symlink_to("..")  # two of these make 2^40 paths
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "y").touch()
    (tmp_path / "base" / "c").symlink_to("../elsewhere")
    (tmp_path / "base" / "dangling").symlink_to("nowhere")
    base = tmp_path / "base"
    found = {directory[len(str(base)) :]: (folders, files) for directory, folders, files in walk_once(base)}
    assert found == {
        "": (["a", "b", "c"], ["dangling"]),
        "/a": (["up"], ["x"]),
        "/b": (["up"], ["x"]),
        "/c": ([], ["y"]),
    }
    everything = [directory for directory, _, _ in walk_once(base, lambda name: name == "a")]
    assert len(everything) == 4  # base, .hidden, b, c
    assert list(walk_once(base / "nowhere")) == []
