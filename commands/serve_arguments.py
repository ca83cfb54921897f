"""The command line of `main.py serve`, with the names that people know."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from pathlib import Path

Group = argparse._ArgumentGroup  # pyright: ignore[reportPrivateUsage]  # it has no public name
ORIGIN = re.compile(r"https?://[^/?#@\s]+")
PREVIEW_METHODS = ("none", "auto", "latent2rgb", "taesd")


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The command line of `serve`; each field is the option of that name."""

    listen: str
    port: int
    token: str | None
    enable_cors_header: str | None
    max_upload_size: float
    allow_private_webhooks: bool
    multi_user: bool
    front_end: str
    editor: Path | None
    browser: bool | None
    workspace: Path
    models_dir: list[Path]
    input_directory: Path | None
    output_directory: Path | None
    temp_directory: Path | None
    user_directory: Path | None
    extra_model_paths_config: list[Path]
    cpu: bool
    devices: str | None
    dtype: str
    cache_classic: bool
    cache_lru: int | None
    cache_none: bool
    cache_bytes: float | None
    disk_cache: float
    preview_method: str | None  # None: previews for those clients alone that understand what belongs to them
    preview_size: int
    disable_metadata: bool
    disable_all_custom_nodes: bool


def add_serve_arguments(serve: argparse.ArgumentParser) -> None:
    """Declare every option of `serve`."""
    serve.description = "Serve the API and its pages, and run what is queued."
    _add_network(serve.add_argument_group("network"))
    _add_folders(serve.add_argument_group("folders"))
    _add_computing(serve.add_argument_group("computing"))
    _add_pictures(serve.add_argument_group("pictures"))


def _add_network(group: Group) -> None:
    group.add_argument(
        "--listen",
        nargs="?",
        const="0.0.0.0",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="address to serve on (default: 127.0.0.1; without a value: every address, which then needs a token)",
    )
    group.add_argument("--port", type=_port, default=8188, help="0 takes a free one (default: 8188)")
    group.add_argument("--token", help="what a client must show; made and printed where one is needed and none given")
    group.add_argument(
        "--enable-cors-header",
        type=_origin,
        nargs="?",
        const="*",
        metavar="ORIGIN",
        help="let pages of ORIGIN (without a value: of any site) use the API",
    )
    group.add_argument("--max-upload-size", type=_positive, default=100, metavar="MB", help="(default: 100)")
    group.add_argument("--allow-private-webhooks", action="store_true", help="webhooks may go to private addresses")
    group.add_argument("--multi-user", action="store_true", help="settings and workflows for each user of the editor")
    group.add_argument("--front-end", choices=("weft", "comfyui"), default="weft", help="the page served at /")
    group.add_argument("--editor", type=Path, metavar="DIR", help="a build of the editor that was made elsewhere")
    browser = group.add_mutually_exclusive_group()
    browser.add_argument(
        "--browser", action="store_true", default=None, help="open a browser (default: when started on a desktop)"
    )
    browser.add_argument("--no-browser", dest="browser", action="store_false", help="open none")


def _add_folders(group: Group) -> None:
    group.add_argument(
        "--workspace", "--base-directory", type=Path, default=Path("workspace"), help="your folder (default: workspace)"
    )
    group.add_argument("--models-dir", type=Path, action="append", default=[], help="another models folder; repeatable")
    for kind in ("input", "output", "temp", "user"):
        group.add_argument(f"--{kind}-directory", type=Path, metavar="PATH", help=f"in place of WORKSPACE/{kind}")
    group.add_argument(
        "--extra-model-paths-config",
        type=Path,
        action="extend",
        nargs="+",
        default=[],
        metavar="YAML",
        help="extra_model_paths.yaml files: further folders of models and node packs",
    )
    group.add_argument("--disable-all-custom-nodes", action="store_true", help="load no node packs")


def _add_computing(group: Group) -> None:
    group.add_argument("--cpu", action="store_true", help="compute on the CPU")
    group.add_argument("--devices", metavar="LIST", help="one worker each: cuda:0,cuda:1 (default: all)")
    group.add_argument("--dtype", choices=("auto", "fp32", "bf16", "fp16"), default="auto", help="of the computation")
    cache = group.add_mutually_exclusive_group()
    cache.add_argument("--cache-classic", action="store_true", help="keep the results of the last workflow alone")
    cache.add_argument("--cache-lru", type=_count, metavar="N", help="keep the N results used last (0: as classic)")
    cache.add_argument("--cache-none", action="store_true", help="keep no results between nodes that need them")
    group.add_argument(
        "--cache-bytes", type=_positive, metavar="GB", help="memory for each worker's results (default: a share)"
    )
    group.add_argument(
        "--disk-cache", type=_not_negative, default=10, metavar="GB", help="results kept over restarts (default: 10)"
    )


def _add_pictures(group: Group) -> None:
    group.add_argument(
        "--preview-method",
        choices=PREVIEW_METHODS,
        help="pictures while sampling (default: auto, for editors that ask)",
    )
    group.add_argument("--preview-size", type=_positive_count, default=512, metavar="PIXELS", help="(default: 512)")
    group.add_argument("--disable-metadata", action="store_true", help="save no workflow in pictures")


def _port(text: str) -> int:
    value = _whole(text)
    if not 0 <= value < 65536:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text}")
    return value


def _count(text: str) -> int:
    value = _whole(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return value


def _positive_count(text: str) -> int:
    value = _whole(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"this must be at least 1, not {text}")
    return value


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from error


def _not_negative(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from error
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"this must be a number that is not negative, not {text}")
    return value


def _positive(text: str) -> float:
    value = _not_negative(text)
    if value == 0:
        raise argparse.ArgumentTypeError("this must be more than 0")
    return value


def _origin(text: str) -> str:
    origin = text.rstrip("/").lower()
    if origin != "*" and not ORIGIN.fullmatch(origin):
        raise argparse.ArgumentTypeError(f"an origin is written like https://studio.example.com:8443, not {text!r}")
    return origin
