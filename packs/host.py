"""What the modules that packs import share with the program that runs them."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from execution.context import Context, Services
from execution.current import current_call
from execution.registry import Registry
from execution.workers.messages import Broadcast
from folders.workspace import Workspace

if TYPE_CHECKING:
    from packs.routes import PackRoutes

Send = Callable[[Broadcast], None]
PromptHandler = Callable[[dict[str, Any]], "dict[str, Any] | None"]
"""Gets and gives `{"prompt", "extra_data", "client_id"}`; None: unchanged."""

log = logging.getLogger("weft.packs")


def _unheard(message: Broadcast) -> None:
    """Where messages go when nobody listens: a program without a server."""
    log.debug("Nobody listens to the message %s of a node pack.", message.event)


class Host:
    """One program's side of the modules that packs import. They reach it as `host`; nothing of it is global."""

    def __init__(
        self, workspace: Workspace, built_in: Registry, services: Iterable[object] = (), send: Send | None = None
    ) -> None:
        self.workspace = workspace
        self.built_in = built_in
        self.services = Services((workspace, *services))
        self.send: Send = send or _unheard
        self.prompt_handlers: list[PromptHandler] = []
        self.listed: dict[str, list[str]] = {}  # folder -> its files, of those asked for since `forget_listed`
        self.classes: dict[str, type] = {}  # nodes.NODE_CLASS_MAPPINGS
        self.display_names: dict[str, str] = {}  # nodes.NODE_DISPLAY_NAME_MAPPINGS
        self.web_folders: dict[str, str] = {}  # nodes.EXTENSION_WEB_DIRS
        self._routes: PackRoutes | None = None

    def context(self) -> Context:
        """Of the node that calls, or one without a node where no node runs."""
        call = current_call()
        return Context(services=self.services) if call is None else call.context

    def list_files(self, folder: str) -> list[str]:
        """The files of one of the workspace's folders; remembered, so that a combo made of them is recognised."""
        names = self.listed[folder] = self.workspace.list_files(folder)
        return names

    def forget_listed(self) -> None:
        """Before a class is asked for its inputs."""
        self.listed = {}

    @property
    def routes(self) -> PackRoutes:
        """The HTTP routes of packs; made when the first pack asks for them."""
        if self._routes is None:
            from packs.routes import PackRoutes  # aiohttp is loaded for those packs only that serve something

            self._routes = PackRoutes()
        return self._routes

    @property
    def routes_if_used(self) -> PackRoutes | None:
        return self._routes

    def mark(self) -> tuple[int, int, int]:
        """How much packs have registered so far."""
        routes = 0 if self._routes is None else self._routes.count
        return (routes, len(self.prompt_handlers), len(self.web_folders))

    def pack_done(self, mark: tuple[int, int, int], *, failed: bool) -> None:
        """A pack's import is over; what it registered since `mark` is forgotten if it failed."""
        if self._routes is not None:
            self._routes.next_pack(keep=not failed)
        if failed:
            _, handlers, folders = mark
            del self.prompt_handlers[handlers:]
            for name in list(self.web_folders)[folders:]:
                del self.web_folders[name]

    def changed_prompt(self, prompt: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
        """A prompt as the packs' on-prompt handlers leave it; a handler that fails changes nothing."""
        told: dict[str, Any] = {"prompt": prompt, "extra_data": extra, "client_id": extra.get("client_id")}
        for handler in self.prompt_handlers:
            given = copy.deepcopy(told)  # which a handler may change before it fails
            try:
                told = {**given, **(handler(given) or {})}
            except Exception:  # a pack's own code: its failure must not keep others' prompts from running
                log.warning("An on-prompt handler of a node pack failed.", exc_info=True)
        return told

    def close(self) -> None:
        """Stop serving the packs' routes."""
        if self._routes is not None:
            self._routes.close()
