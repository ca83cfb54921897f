"""Standard output that nobody reads, that is full, or whose encoding lacks a letter; and Ctrl+C."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def start(written, small_prompt, tmp_path):
    """Run `main.py run` on the small prompt in a process of its own."""

    def call(*options, stdout, **variables):
        command = [sys.executable, ROOT / "main.py", "run", written(small_prompt), "--workspace", tmp_path, *options]
        env = {**os.environ, **variables}
        return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, env=env, text=True, check=False)

    return call


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_without_a_reader_the_work_is_done_in_silence(start, tmp_path, options):
    reading, writing = os.pipe()
    os.close(reading)
    done = start(*options, stdout=writing)
    os.close(writing)
    assert done.returncode == 0, done.stderr
    assert not any(word in done.stderr for word in ("Error", "Traceback", "Exception", "Broken"))
    assert len(list(tmp_path.glob("output/*.png"))) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_output_is_told_once(start):
    with Path("/dev/full").open("w") as full:
        done = start(stdout=full)
    assert done.returncode == 0
    assert done.stderr.count("standard output cannot be written") == 1 and "Exception" not in done.stderr


def test_letters_that_the_terminal_lacks_are_written_as_escapes(start, small_prompt):
    small_prompt["3"]["inputs"]["filename_prefix"] = "fl\u00e4t"
    done = start(stdout=subprocess.PIPE, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert [Path(line).name for line in done.stdout.splitlines()] == ["fl\\xe4t_00001_.png", "fl\\xe4t_00002_.png"]


def test_json_converted_for_such_a_terminal_stays_json(written, small_prompt):
    small_prompt["2"]["_meta"]["title"] = "T\u00fcr \U0001f6aa"
    command = [sys.executable, ROOT / "main.py", "convert", written(small_prompt), "--to", "ui", "--output", "-"]
    env = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, capture_output=True, env=env, check=True)
    titles = [node.get("title") for node in json.loads(done.stdout.decode("latin-1"))["nodes"]]
    assert "T\u00fcr \U0001f6aa" in titles
