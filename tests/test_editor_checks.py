"""When the editor's checks install its packages anew, and when they are passed over."""

import json
import subprocess

import pytest

from tests import editor_checks
from tests.editor_checks import CannotCheck, excused, is_installed, usable_npm

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


def test_a_machine_without_node_has_the_one_that_pyright_brings(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    npm, environment = usable_npm()
    done = subprocess.run([*npm, "--version"], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip()


def test_a_node_that_is_too_old_is_not_used(monkeypatch, tmp_path):
    old = tmp_path / "node"
    old.write_text("#!/bin/sh\necho v18.20.4\n")
    old.chmod(0o755)
    monkeypatch.setattr("shutil.which", lambda name: str(old))
    assert usable_npm()[0][0] != str(old)


def test_without_any_node_people_go_on_and_ci_fails(monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr(editor_checks, "find_spec", lambda name: None)
    with pytest.raises(CannotCheck) as reason:
        editor_checks.check_types()
    monkeypatch.setenv("CI", "true")
    assert not excused(reason.value)
    monkeypatch.delenv("CI")
    assert excused(reason.value)
