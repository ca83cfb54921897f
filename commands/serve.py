"""`main.py serve`: the HTTP server, its queue, and a worker process for each device. Torch stays out of this one."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from types import FrameType

from aiohttp import web

from commands.browser import open_browser, wants_browser
from commands.devices import choose_devices
from commands.errors import EXIT_OK, UsageProblem
from commands.extra_paths import read_extra_paths
from commands.files import is_folder
from commands.launches import catalogue_fingerprint, launches
from commands.listening import address_of, bind
from commands.places import BUNDLED
from commands.serve_arguments import ServeOptions
from commands.server_log import log_to, tell_failures
from commands.streams import say
from execution.jobs.errors import StoreError
from execution.jobs.lock import WorkspaceBusy, WorkspaceLock
from execution.jobs.store import JobStore
from execution.logbook import Logbook
from execution.workers.dispatcher import Dispatcher
from folders.job_files import JobFiles
from folders.listing import FolderListing
from folders.workspace import Workspace
from web.app import create_app
from web.front_end import FRONT_END
from web.security import GUARD, WILDCARDS, Guard, needs_token, new_token
from web.site import Site, WebOptions

DATABASE = "weft.sqlite3"
SHUTDOWN_SECONDS = 2.0  # that open connections get to end
IDLE_SECONDS = 75.0  # that a connection may take to send a request's head; aiohttp's own runner would wait an hour


def serve(options: ServeOptions) -> int:
    """Serve until interrupted; returns the exit code.

    Raises:
        UsageProblem: the command line cannot be used as given, the address is taken, another server has the workspace.
    """
    workspace = open_server_workspace(options)
    token = choose_token(options)
    with bind(options.listen, options.port) as listening:
        address = address_of(listening, options.listen)
        with lock(workspace, address):
            asyncio.run(_serve(options, workspace, token, listening, address))
    return EXIT_OK


def open_server_workspace(options: ServeOptions) -> Workspace:
    """The user's folders, made where they are missing.

    Raises:
        UsageProblem: a models folder that is not there, a folder that cannot be made.
    """
    for folder in options.models_dir:
        if not is_folder(folder):
            raise UsageProblem(f"--models-dir {folder} is no folder. Name one that holds checkpoints/, vae/ ...")
    first, further = read_extra_paths(options.extra_model_paths_config)
    workspace = Workspace(
        options.workspace.absolute(),
        tuple(folder.absolute() for folder in options.models_dir),
        bundled=BUNDLED,
        input_dir=_absolute(options.input_directory),
        output_dir=_absolute(options.output_directory),
        temp_dir=_absolute(options.temp_directory),
        user_dir=_absolute(options.user_directory),
        extra=further,
        extra_first=first,
    )
    own = [workspace.folder(kind) for kind in ("input", "output", "temp")]
    models = [workspace.root / "models" / kind for kind in ("checkpoints", "loras", "vae", "controlnet", "embeddings")]
    for folder in (*own, workspace.user, workspace.root / "custom_nodes", *models):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageProblem(f"The folder {folder} cannot be made ({error.strerror or error}).") from error
    return workspace


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.absolute()


def choose_token(options: ServeOptions) -> str | None:
    """What clients must show: what the user gave; else, where others than this machine can connect, a new one."""
    if options.token is not None:
        if len(options.token) < 8 or not options.token.isascii() or not options.token.isprintable():
            raise UsageProblem("--token needs at least 8 printable ASCII characters.")
        return options.token
    return new_token() if needs_token(options.listen) else None


def lock(workspace: Workspace, address: str) -> WorkspaceLock:
    """The workspace, for this server alone.

    Raises:
        UsageProblem: another server has it.
    """
    try:
        return WorkspaceLock.take(workspace.user, address)
    except WorkspaceBusy as error:
        raise UsageProblem(
            f"Another server uses the workspace {workspace.root}: {error.address}. "
            "Use that one, stop it first, or name another folder with --workspace."
        ) from error
    except StoreError as error:
        raise UsageProblem(str(error)) from error


async def open_store(workspace: Workspace) -> JobStore:
    """The queue and the history.

    Raises:
        UsageProblem: the file cannot be used: a newer Weft's, on a full disk ...
    """
    try:
        return await JobStore.open(workspace.user / DATABASE)
    except StoreError as error:
        raise UsageProblem(str(error)) from error


async def _serve(
    options: ServeOptions, workspace: Workspace, token: str | None, listening: socket.socket, address: str
) -> None:
    stopping = asyncio.Event()
    _stop_on_signals(stopping)
    logs = Logbook()
    log_to(logs)
    async with AsyncExitStack() as stack:
        store = await open_store(workspace)
        stack.push_async_callback(store.close)
        devices = choose_devices(options.devices, options.cpu)
        dispatcher = Dispatcher(
            store,
            launches(options, workspace, devices, address),
            logs,
            FolderListing(workspace).list_files,
            workspace.has_file,
            path_of=lambda kind: str(workspace.home(kind)),
            fingerprint=catalogue_fingerprint(workspace, options),
            job_files=JobFiles(workspace.user / "jobs"),
        )
        dispatcher.listen(lambda news: tell_failures(news, logs))
        site = Site(dispatcher, workspace, _web_options(options, token, listening), logs)
        app = create_app(site)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS, keepalive_timeout=IDLE_SECONDS)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.SockSite(runner, listening).start()
        await dispatcher.start()
        stack.push_async_callback(dispatcher.stop)
        if store.notice:
            say(store.notice)
        if problem := app[FRONT_END].problem:
            say(problem)
        _greet(options.listen, address, token, app[GUARD])
        app[FRONT_END].start()
        if wants_browser(options.browser):
            open_browser(browser_link(address, app[GUARD]))
        await stopping.wait()
        say("Stopping. What is queued waits for the next start.")


def _web_options(options: ServeOptions, token: str | None, listening: socket.socket) -> WebOptions:
    return WebOptions(
        listen=options.listen,
        port=listening.getsockname()[1],
        token=token,
        max_upload_bytes=int(options.max_upload_size * 2**20),
        cors_origin=options.enable_cors_header,
        front_end=options.front_end,
        editor=_absolute(options.editor),
        allow_private_webhooks=options.allow_private_webhooks,
        multi_user=options.multi_user,
        previews_for_all=options.preview_method is not None,
        argv=tuple(sys.argv),
    )


def _greet(listen: str, address: str, token: str | None, guard: Guard) -> None:
    say(f"Weft serves at {address}")
    if token is None:
        return
    say(f"Open it in a browser, once, by  {browser_link(address, guard)}")
    if listen in WILDCARDS:
        say("Other machines reach it under this one's name or address, in place of 127.0.0.1.")
    say(f"Programs send the header        Authorization: Bearer {token}")


def browser_link(address: str, guard: Guard) -> str:
    """What a browser on this machine opens: where a token is asked for, a link that works once."""
    return address if guard.options.token is None else f"{address}/?token={guard.browser_code()}"


def _stop_on_signals(stopping: asyncio.Event) -> None:
    """End well when asked to; asked twice, at once."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            raise SystemExit(1)
        stopping.set()

    def handle(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop)

    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:  # Windows: handlers run on the main thread between two steps of the loop
            signal.signal(number, handle)
