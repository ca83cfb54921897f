"""When the editor's checks install its packages anew, and when they are passed over."""

import json

import pytest

from tests import editor_checks
from tests.editor_checks import CannotCheck, excused, is_installed

WANTED = {"": {}, "node_modules/a": {"integrity": "1"}, "node_modules/b": {"integrity": "2", "optional": True}}


@pytest.mark.parametrize(
    ("installed", "same"),
    [
        ({"node_modules/a": {"integrity": "1"}, "node_modules/b": {"integrity": "2"}}, True),
        ({"node_modules/a": {"integrity": "1"}}, True),  # what is optional is for another platform
        ({"node_modules/a": {"integrity": "0"}}, False),
        ({"node_modules/b": {"integrity": "2"}}, False),
        ({"node_modules/a": {"integrity": "1"}, "node_modules/c": {"integrity": "3"}}, False),
    ],
)
def test_packages_are_installed_anew_when_the_lock_file_names_others(tmp_path, installed, same):
    lock, found = tmp_path / "lock.json", tmp_path / "installed.json"
    lock.write_text(json.dumps({"packages": WANTED}))
    assert not is_installed(lock, found)
    found.write_text(json.dumps({"packages": installed}))
    assert is_installed(lock, found) is same


def test_without_node_people_go_on_and_ci_fails(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(CannotCheck) as reason:
        editor_checks.check_types()
    monkeypatch.setenv("CI", "true")
    assert not excused(reason.value)
    monkeypatch.delenv("CI")
    assert excused(reason.value)
