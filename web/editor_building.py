"""The editor's build as the server sees it: there already, being made by a process of its own, or failed."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from web.editor_build.finding import find_build, stamp_of, usual_places
from web.editor_build.problem import BuildProblem
from web.editor_build.sources import EDITOR, read_sources

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "web.build", "--events")
FIRST_STEP = "Starting"
STOP_SECONDS = 5.0
MOST_LINES = 20  # of what a build prints that fails without a word
MOST_LINE = 4 * 2**20  # bytes of a line: esbuild may quote a whole script

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Building:
    """It is being made."""

    step: str


@dataclass(frozen=True, slots=True)
class Built:
    """It lies in this folder, complete."""

    folder: Path
    stamp: str  # that its page names


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be made."""

    reason: str
    remedy: str


State = Building | Built | Failed


def find_usual_build() -> Path | None:
    """The build of the sources as they are now, if somebody made it before.

    Raises:
        BuildProblem: the sources cannot be read.
    """
    return find_build(usual_places(), read_sources(EDITOR).stamp)


class EditorBuilding:
    """Looks for the build and has it made, once. `state` is what is known now."""

    def __init__(self, find: Callable[[], Path | None] = find_usual_build, command: Sequence[str] = COMMAND) -> None:
        self.state: State = Building(FIRST_STEP)
        self._find = find
        self._command = tuple(command)
        self._looked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Look for the build and make it where there is none. While that goes on, nothing new is begun."""
        if self._task is None or self._task.done():
            self.state = Building(FIRST_STEP)
            self._looked.clear()
            self._task = asyncio.create_task(self._run())

    async def look(self) -> State:
        """What is known, once it has been looked for; that takes some hundredths of a second.

        After a failure it looks again: somebody may have built it by hand. A build that has been removed, as old ones
        are by another Weft with the same cache, is made anew.
        """
        if self._task is None or (isinstance(self.state, Built) and not self.state.folder.is_dir()):
            self.begin()
        elif isinstance(self.state, Failed):
            await self._find_built()
        await self._looked.wait()
        return self.state

    async def stop(self) -> None:
        """End what goes on."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _find_built(self) -> bool:
        try:
            folder = await asyncio.to_thread(self._find)
        except BuildProblem as problem:
            self.state = Failed(str(problem), problem.remedy)
            return True
        except OSError as error:
            self.state = Failed(f"No folder for the editor can be written ({error}).", "Make room on the disk.")
            return True
        if folder is not None:
            self.state = await asyncio.to_thread(_built, folder)
        return folder is not None

    async def _run(self) -> None:
        try:
            if not await self._find_built():
                self._looked.set()
                self.state = await self._make()
        finally:
            self._looked.set()
        if isinstance(self.state, Failed):
            log.warning("The editor could not be built: %s %s", self.state.reason, self.state.remedy)

    async def _make(self) -> State:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), *_python_path())))}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, cwd=ROOT, env=environment, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, limit=MOST_LINE
            )
        except OSError as error:
            return Failed(f"The build cannot be started ({error.strerror or error}).", "Try again.")
        try:
            return await self._follow(process)
        finally:
            await _end(process)

    async def _follow(self, process: Process) -> State:
        """Read what the build tells until it ends."""
        assert process.stdout is not None
        said: list[str] = []
        result: State | None = None
        async for line in process.stdout:
            event = _event(line)
            if "step" in event:
                self.state = Building(str(event["step"]))
            elif "folder" in event:
                result = await asyncio.to_thread(_built, Path(event["folder"]))
            elif "problem" in event:
                result = Failed(str(event["problem"]), str(event.get("remedy", "")))
            else:
                said.append(line.decode("utf-8", "replace").rstrip())
        code = await process.wait()
        if result is not None:
            return result
        reason = "\n".join([f"The build ended with code {code}.", *said[-MOST_LINES:]])
        return Failed(reason, "Run python -m web.build to see more, and report this.")


def _built(folder: Path) -> State:
    try:
        return Built(folder, stamp_of(folder))
    except (OSError, ValueError, KeyError) as error:
        return Failed(f"The editor's build in {folder} is not complete ({error}).", "Remove that folder and try again.")


def _python_path() -> list[str]:
    return [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []


def _event(line: bytes) -> dict[str, Any]:
    """One event of `web.build --events`; {} for anything else."""
    try:
        event: Any = json.loads(line)
    except ValueError:
        return {}
    return cast("dict[str, Any]", event) if isinstance(event, dict) else {}


async def _end(process: Process) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
