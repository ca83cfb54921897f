"""The server, as a script sees it."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode

from client.connection import Connection
from client.errors import JobCancelled, JobFailed, Unreachable, WeftError
from client.multipart import FormBody
from client.results import ENDED, File, Job, Progress, Result
from client.watching import wait_for
from client.workflows import Workflow, read_workflow

ROOT = "/api/v2"
PAGE = 100


class Weft:
    """A Weft server. One object may be used by several threads.

    `address` is what a browser would open, `token` what the server printed if it asks for one, `timeout` how many
    seconds of silence are taken for a lost server.
    """

    def __init__(self, address: str = "http://127.0.0.1:8188", token: str | None = None, timeout: float = 30.0) -> None:
        self._server = Connection(address, token, timeout)

    @property
    def address(self) -> str:
        return self._server.address

    def run(
        self,
        workflow: Workflow,
        set: Mapping[str, Any] | None = None,
        *,
        wait: float | None = None,
        on_progress: Callable[[Progress], Any] | None = None,
    ) -> Result:
        """Queue a workflow and wait for what it makes; `wait` is the most seconds to do so.

        `workflow` is the path of a JSON file or of a picture that carries one, or a dictionary, in API or UI format.
        `set` changes inputs: `{"3.seed": 5, "Positive.text": "a red circle"}`, by a node's id, title or type.

        Raises:
            Refused: the workflow cannot run; `problems` names the nodes and inputs.
            JobFailed, JobCancelled: it did not end well.
            WaitTimeout: it has not ended in time, and goes on.
        """
        return self.wait(self.submit(workflow, set), wait, on_progress)

    def submit(
        self, workflow: Workflow, set: Mapping[str, Any] | None = None, *, front: bool = False, key: str | None = None
    ) -> Job:
        """Queue a workflow; it is safe on the server's disk when this returns.

        `front`: run it before those that wait. With the same `key`, the same request gives the same job, however often
        it is sent.
        """
        body: dict[str, Any] = {"prompt": read_workflow(workflow), "front": front}
        if set:
            body["set"] = dict(set)
        headers = {"Idempotency-Key": key or str(uuid.uuid4())}
        try:
            accepted = self._server.json("POST", "/prompt", body, headers)
        except Unreachable:  # the answer may have been lost on its way: by its key, the job is not made twice
            accepted = self._server.json("POST", "/prompt", body, headers)
        return self.job(accepted["prompt_id"])

    def wait(
        self, job: Job | str, timeout: float | None = None, on_progress: Callable[[Progress], Any] | None = None
    ) -> Result:
        """Wait until a job has ended. Raises as `run` does."""
        known = self.job(job)
        path = f"{ROOT}/jobs/{quote(known.id)}/events"
        ended = wait_for(self._server, path, lambda: self.job(known.id), timeout, on_progress)
        if ended.status == "canceled":
            raise JobCancelled(f"The job {ended.id} was cancelled.", ended)
        if ended.status != "succeeded":
            raise JobFailed(_failure(ended), ended)
        return Result(ended)

    def job(self, job: Job | str) -> Job:
        """A job as it stands now; by its id or that which `POST /prompt` answered."""
        name = job.id if isinstance(job, Job) else job
        return self._job(self._server.json("GET", f"{ROOT}/jobs/{quote(name, safe='')}"))

    def cancel(self, job: Job | str) -> Job:
        """Ask a job to stop: one that waits is cancelled at once, one that runs within a step of its sampler."""
        name = job.id if isinstance(job, Job) else job
        return self._job(self._server.json("POST", f"{ROOT}/jobs/{quote(name, safe='')}/cancel"))

    def queue(self) -> list[Job]:
        """The jobs that run and wait, in the order in which they run."""
        told = self._server.json("GET", "/queue")
        entries = [*told["queue_running"], *sorted(told["queue_pending"], key=lambda entry: entry[0])]
        jobs = [self.job(entry[1]) for entry in entries]
        return [job for job in jobs if not job.has_ended]

    def history(
        self, limit: int = 50, *, status: str | None = None, labels: Mapping[str, str] | None = None
    ) -> list[Job]:
        """Jobs that have ended, the newest first, without their files; `job` gives those."""
        query = {"limit": str(min(PAGE, limit)), **{f"metadata[{key}]": value for key, value in (labels or {}).items()}}
        if status is not None:
            query["status"] = status
        found: list[Job] = []
        while len(found) < limit:
            page = self._server.json("GET", f"{ROOT}/jobs?{urlencode(query)}")
            found += [job for job in map(self._job, page["jobs"]) if job.status in ENDED]
            if "next_cursor" not in page:
                break
            query["cursor"] = page["next_cursor"]
        return found[:limit]

    def upload(self, file: str | Path | bytes | BinaryIO, to: str | None = None) -> str:
        """Send a file; returns the name to give to a node, as in `set={"10.image": weft.upload("photo.png")}`.

        `to` is its name on the server: `photo.png` or `people/photo.png`, or of a model `models/loras/x.safetensors`.
        It is needed for bytes and open files. Nothing is ever overwritten.
        """
        if isinstance(file, (str, Path)):
            try:
                with Path(file).open("rb") as stream:
                    return self._upload(stream, to or Path(file).name)
            except OSError as error:
                raise WeftError(f"The file {file} cannot be read: {error.strerror or error}.") from error
        if to is None:
            raise WeftError("Give the upload a name: upload(data, to='photo.png').")
        return self._upload(io.BytesIO(file) if isinstance(file, bytes) else file, to)

    def download(self, file: File, to: str | Path = ".") -> Path:
        """Write a file that a job made to a folder or a path; returns where it is."""
        return file.save(to)

    def health(self) -> Mapping[str, Any]:
        """The server's state: `{"status": "ok", "version": ..., "queue": {...}}`."""
        return self._server.json("GET", f"{ROOT}/health")

    def _upload(self, stream: BinaryIO, to: str) -> str:
        if to.startswith("models/"):
            form = FormBody({"file_path": to}, "file", PurePosixPath(to).name, stream)
            self._send(f"{ROOT}/assets", form)
            return "/".join(PurePosixPath(to).parts[2:])
        path = PurePosixPath(to)
        folder = "" if str(path.parent) == "." else str(path.parent)
        answer = self._send("/upload/image", FormBody({"subfolder": folder}, "image", path.name, stream))
        return f"{answer['subfolder']}/{answer['name']}" if answer["subfolder"] else str(answer["name"])

    def _send(self, path: str, form: FormBody) -> Any:
        return self._server.json_of("POST", path, form, form.headers)

    def _job(self, told: Any) -> Job:
        return Job.of(told, self._server.bytes)


def _failure(job: Job) -> str:
    error = job.error or {}
    where = f" at node {error['node_id']} ({error.get('class_type') or 'unknown'})" if error.get("node_id") else ""
    return f"The job {job.id} failed{where}: {error.get('message') or job.status}"
