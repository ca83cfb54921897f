"""`main.py worker SETTINGS`: one worker process. The server starts it; people have no use for it."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from collections.abc import Callable
from typing import NoReturn

from commands.errors import CommandError
from execution.workers.loop import WorkerParts, serve_pipe
from execution.workers.messages import FromWorker, Starting
from execution.workers.pipes import Pipe, claim_pipes, end_with_parent
from execution.workers.settings import WorkerSettings


def work(argument: str) -> NoReturn:
    """Run jobs for the server at the other end of standard input and output, until the process ends."""
    end_with_parent()
    reading, writing = claim_pipes()
    faulthandler.enable(all_threads=False)  # a crash in native code leaves a trace in the server's log
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(message)s")
    # Read by torch's thread pool when torch is imported (see main.py).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

    def build(send: Callable[[FromWorker], None]) -> WorkerParts:
        send(Starting("loading torch"))
        from commands.worker_parts import build_parts

        try:
            return build_parts(WorkerSettings.from_argument(argument), send)
        except CommandError as error:
            print(error, file=sys.stderr, flush=True)
            raise SystemExit(error.exit_code) from error

    serve_pipe(Pipe(reading, writing), build)
