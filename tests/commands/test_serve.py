"""What `serve` makes of its command line, before anything is served."""

import asyncio
import re
import socket
import sqlite3
from contextlib import closing

import pytest

import main
from commands.errors import UsageProblem
from commands.launches import catalogue_fingerprint, launches, settings_of
from commands.listening import address_of, bind
from commands.serve import DATABASE, choose_token, lock, open_server_workspace, open_store
from commands.serve_arguments import ServeOptions
from execution.jobs.migrations import migrate
from execution.jobs.schema import OWNER
from execution.workers.settings import WorkerSettings


def options(tmp_path, *more):
    given = ["--workspace", str(tmp_path / "w"), *more]
    arguments = main.build_parser().parse_args(main.with_default_command(given))
    assert arguments.command == "serve"
    return ServeOptions(**{name: value for name, value in vars(arguments).items() if name not in ("command", "debug")})


def test_serve_is_meant_where_no_command_is_given():
    assert main.with_default_command([]) == ["serve"]
    assert main.with_default_command(["--port", "9"]) == ["serve", "--port", "9"]
    assert main.with_default_command(["run", "x.json"]) == ["run", "x.json"]
    assert main.with_default_command(["--help"]) == ["--help"]


def test_the_folders_of_a_workspace_are_made(tmp_path):
    workspace = open_server_workspace(options(tmp_path, "--output-directory", str(tmp_path / "pictures")))
    assert (tmp_path / "pictures").is_dir()
    assert workspace.folder("output") == tmp_path / "pictures"
    for name in ("input", "temp", "user", "custom_nodes", "models/checkpoints", "models/loras"):
        assert (tmp_path / "w" / name).is_dir(), name
    assert not (tmp_path / "w" / "output").exists()


@pytest.mark.parametrize("name", ["w", "w/input"])
def test_a_file_in_the_way_of_a_folder_is_told(tmp_path, name):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("a file")
    with pytest.raises(UsageProblem, match="cannot be made"):
        open_server_workspace(options(tmp_path))


def test_a_models_folder_must_be_there(tmp_path):
    with pytest.raises(UsageProblem, match="is no folder"):
        open_server_workspace(options(tmp_path, "--models-dir", str(tmp_path / "absent")))


def test_extra_model_paths_reach_the_server_and_its_workers(tmp_path):
    (tmp_path / "packs" / "one").mkdir(parents=True)
    (tmp_path / "old" / "lora").mkdir(parents=True)
    (tmp_path / "old" / "lora" / "a.safetensors").touch()
    yaml = tmp_path / "extra.yaml"
    yaml.write_text("x:\n  base_path: old\n  loras: lora\ny:\n  custom_nodes: packs\n")
    chosen = options(tmp_path, "--extra-model-paths-config", str(yaml))
    workspace = open_server_workspace(chosen)
    assert "a.safetensors" in workspace.list_files("loras")
    told = settings_of(chosen, workspace, "cpu", "")
    assert told.extra["loras"] == (str(tmp_path / "old" / "lora"),)
    assert str(tmp_path / "packs") in told.node_packs
    assert WorkerSettings.from_argument(told.to_argument()) == told


@pytest.mark.parametrize(
    ("flags", "policy"),
    [
        ([], "default"),
        (["--cache-classic"], "classic"),
        (["--cache-lru", "0"], "classic"),
        (["--cache-lru", "100"], "lru:100"),
        (["--cache-none"], "none"),
    ],
)
def test_the_flags_of_the_cache(tmp_path, flags, policy):
    chosen = options(tmp_path, *flags)
    assert settings_of(chosen, open_server_workspace(chosen), "cpu", "").cache == policy


def test_workers_share_the_memory_for_results(tmp_path, monkeypatch):
    monkeypatch.setattr("commands.launches.main_memory", lambda: 1024 * 2**30)
    chosen = options(tmp_path)
    workspace = open_server_workspace(chosen)

    def told(chosen, devices):
        return [WorkerSettings.from_argument(one.command[-1]) for one in launches(chosen, workspace, devices, "")]

    (alone,) = told(chosen, ["cpu"])
    several = told(chosen, [f"cuda:{index}" for index in range(8)])
    assert alone.cache_bytes == sum(one.cache_bytes for one in several) == 512 * 2**30
    said = options(tmp_path, "--cache-bytes", "2")
    assert [one.cache_bytes for one in told(said, ["cuda:0", "cuda:1"])] == [2 * 10**9] * 2


def test_each_device_has_a_worker_with_a_name_of_its_own(tmp_path):
    chosen = options(tmp_path)
    workspace = open_server_workspace(chosen)
    assert [one.name for one in launches(chosen, workspace, ["cuda:0", "cuda:1"], "")] == ["cuda:0", "cuda:1"]
    assert [one.name for one in launches(chosen, workspace, ["cpu", "cpu"], "")] == ["cpu#0", "cpu#1"]


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.168.1.5", False), ("example.org", False)],
)  # fmt: skip
def test_only_loopback_needs_no_token(tmp_path, host, alone):
    token = choose_token(options(tmp_path, "--listen", host))
    assert (token is None) is alone
    if token is not None:
        assert len(token) >= 24
        assert token != choose_token(options(tmp_path, "--listen", host))


def test_a_token_of_the_users_own_counts_everywhere_and_must_be_usable(tmp_path):
    assert choose_token(options(tmp_path, "--token", "a long secret")) == "a long secret"
    for bad in ("short", "äöüäöüäöü", "line\nbreak in it"):
        with pytest.raises(UsageProblem, match="--token"):
            choose_token(options(tmp_path, "--token", bad))


def test_listen_without_a_value_means_every_address(tmp_path):
    chosen = options(tmp_path, "--listen")
    assert chosen.listen == "0.0.0.0"


def test_a_port_that_is_taken_is_told():
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        assert address_of(first, "127.0.0.1") == f"http://127.0.0.1:{port}"
        assert address_of(first, "0.0.0.0") == f"http://127.0.0.1:{port}"
        with pytest.raises(UsageProblem, match=rf"Port {port} .* --port"):
            bind("127.0.0.1", port)


def test_an_address_of_another_machine_is_told():
    with pytest.raises(UsageProblem, match="no address of this machine"):
        bind("192.0.2.1", 0)  # reserved for documentation
    with pytest.raises(UsageProblem, match="no address of this machine"):
        bind("not an address", 0)


def test_the_second_server_of_a_workspace_hears_of_the_first(tmp_path):
    workspace = open_server_workspace(options(tmp_path))
    told = pytest.raises(UsageProblem, match=r"Another server uses .* http://127\.0\.0\.1:8188")
    with lock(workspace, "http://127.0.0.1:8188"), told:
        lock(workspace, "http://127.0.0.1:9")
    lock(workspace, "http://127.0.0.1:9").release()


def test_a_database_of_a_newer_weft_is_left_alone_and_told(tmp_path):
    workspace = open_server_workspace(options(tmp_path))

    async def open_and_close():
        await (await open_store(workspace)).close()

    asyncio.run(open_and_close())
    with closing(sqlite3.connect(workspace.user / DATABASE)) as database:
        migrate(database, workspace.user / DATABASE, OWNER, [()] * 999)
        database.commit()
    with pytest.raises(UsageProblem, match="newer"):
        asyncio.run(open_and_close())


def test_the_catalogues_fingerprint_changes_with_the_node_packs(tmp_path):
    chosen = options(tmp_path)
    workspace = open_server_workspace(chosen)
    before = catalogue_fingerprint(workspace, chosen)
    assert catalogue_fingerprint(workspace, chosen) == before
    pack = tmp_path / "w" / "custom_nodes" / "one.py"
    pack.write_text("NODE_CLASS_MAPPINGS = {}")
    added = catalogue_fingerprint(workspace, chosen)
    assert added != before
    pack.write_text("NODE_CLASS_MAPPINGS = {'A': int}")
    assert catalogue_fingerprint(workspace, chosen) not in (before, added)
    assert catalogue_fingerprint(workspace, options(tmp_path, "--disable-all-custom-nodes")) != added


@pytest.mark.parametrize(
    "flags",
    [["--port", "70000"], ["--port", "x"], ["--cache-lru", "-1"], ["--max-upload-size", "0"], ["--disk-cache", "nan"],
     ["--cache-lru", "1", "--cache-none"], ["--front-end", "other"], ["--preview-size", "0"], ["--cache-lru", "many"],
     ["--disk-cache", "big"], ["--enable-cors-header", "studio.example.com"],
     ["--enable-cors-header", "https://studio.example.com/page"]],
)  # fmt: skip
def test_values_that_make_no_sense_are_refused_in_a_sentence(tmp_path, flags, capsys):
    with pytest.raises(SystemExit) as ended:
        options(tmp_path, *flags)
    assert ended.value.code == 2
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("Error: ") and flags[0] in told[0]
    assert not re.search(r"\b_\w", told[0])  # the name of a function of ours says nothing
    assert told[1:] == ["'python main.py serve --help' lists what there is."]


def test_an_origin_is_what_browsers_send(tmp_path):
    assert options(tmp_path, "--enable-cors-header").enable_cors_header == "*"
    given = options(tmp_path, "--enable-cors-header", "https://Studio.example.com:8443/")
    assert given.enable_cors_header == "https://studio.example.com:8443"


def test_ports_are_free_after_a_server(tmp_path):
    with bind("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with closing(socket.create_connection(("127.0.0.1", port))):
            first.accept()[0].close()
    bind("127.0.0.1", port).close()
