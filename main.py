"""Weft's command line: arguments and wiring, and nothing else."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from commands.errors import EXIT_CANCELLED, EXIT_FAILED, CommandError
from commands.parser import SentenceParser
from commands.serve_arguments import ServeOptions, add_serve_arguments
from commands.streams import accept_any_text

DESCRIPTION = "Weft: a node-graph image studio for Stable Diffusion XL."


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = SentenceParser(prog="main.py", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    add_serve_arguments(_add(commands, "serve", "serve the API and its pages (the default command)"))
    _add_run(_add(commands, "run", "run a workflow and write its pictures"))
    _add_verify(_add(commands, "verify", "make pictures again from what they carry, and compare"))
    _add_convert(_add(commands, "convert", "convert a workflow or a model to the other format"))
    _add_train(_add(commands, "train", "fine-tune a model on your pictures"))
    commands.add_parser("worker").add_argument("worker_settings")  # without help: the server starts it, people do not
    return parser


def _add(commands: argparse._SubParsersAction[SentenceParser], name: str, what: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=what)
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def with_default_command(argv: Sequence[str]) -> list[str]:
    """`main.py --port 9000` means `main.py serve --port 9000`."""
    if argv and (not argv[0].startswith("-") or argv[0] in ("-h", "--help")):
        return list(argv)
    return ["serve", *argv]


def _add_run(run: argparse.ArgumentParser) -> None:
    run.description = "Run a workflow: a UI workflow, an API prompt, or a PNG or WEBP picture that carries either."
    run.add_argument("workflow", type=Path, nargs="?", help="default: the built-in base + refiner template")
    run.add_argument(
        "--set",
        dest="settings",
        action="append",
        default=[],
        metavar="NODE.INPUT=VALUE",
        help="change an input first; NODE is an id or a title (a title that several nodes bear sets them all)",
    )
    run.add_argument("--seed", type=int, help="for every input named seed or noise_seed (0 to 2^64-1)")
    run.add_argument("--output", type=Path, metavar="PATH", help="folder for the results, or one picture's file name")
    run.add_argument("--check", action="store_true", help="list every problem and run nothing")
    run.add_argument("--strict-models", action="store_true", help="a missing model file is an error: no stand-ins")
    _add_engine(run)


def _add_verify(verify: argparse.ArgumentParser) -> None:
    verify.description = (
        "Run the workflow of each picture again, into no folder of yours, and say how alike it comes out."
    )
    verify.add_argument("images", type=Path, nargs="+", metavar="IMAGE", help="a picture that Weft saved")
    _add_engine(verify)


def _add_engine(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="one event a line on standard output, for programs")
    command.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    command.add_argument("--dtype", choices=("auto", "fp32", "bf16", "fp16"), default="auto", help="of the computation")
    command.add_argument("--workspace", type=Path, default=Path("workspace"), help="your folder (default: workspace)")
    models = "another models folder; repeatable"
    command.add_argument("--models-dir", type=Path, action="append", default=[], help=models)


def _add_convert(convert: argparse.ArgumentParser) -> None:
    convert.description = (
        "Convert a workflow file, or the one that a picture carries, to the other format (api, ui); or a model, a "
        "single file or a folder of diffusers, to the other layout (single, diffusers)."
    )
    convert.add_argument("file", type=Path)
    convert.add_argument("--to", choices=("api", "ui", "single", "diffusers"), required=True)
    convert.add_argument("--output", type=Path, required=True, metavar="OUT", help='the file to write, "-" to print')
    convert.add_argument("--workspace", type=Path, default=Path("workspace"), help="your folder (default: workspace)")
    convert.add_argument(
        "--dtype", choices=("keep", "fp32", "bf16", "fp16"), default="keep", help="of a model's weights"
    )
    convert.add_argument(
        "--variant", default="", metavar="NAME", help="in the names of a folder's weights, such as fp16"
    )


def _add_train(train: argparse.ArgumentParser) -> None:
    train.description = "Learn a LoRA, an embedding or a whole model from captioned pictures (docs/training.md)."
    train.add_argument("config", type=Path, metavar="CONFIG", help="a YAML or TOML file that says what to learn")
    train.add_argument("--resume", action="store_true", help="go on with a training that was stopped")
    train.add_argument("--check", action="store_true", help="list every problem, say what would be done, learn nothing")
    train.add_argument("--json", action="store_true", help="one event a line on standard output, for programs")
    train.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    train.add_argument("--workspace", type=Path, default=Path("workspace"), help="your folder (default: workspace)")
    models = "another models folder; repeatable"
    train.add_argument("--models-dir", type=Path, action="append", default=[], help=models)


def _dispatch(arguments: argparse.Namespace) -> int:
    fields = {name: value for name, value in vars(arguments).items() if name not in ("command", "debug")}
    if arguments.command == "worker":
        from commands.work import work

        work(arguments.worker_settings)
    if arguments.command == "serve":
        from commands.serve import serve

        return serve(ServeOptions(**fields))
    if arguments.command == "verify":
        from commands.verify import VerifyOptions, verify

        return verify(VerifyOptions(**fields))
    if arguments.command == "convert" and arguments.to in ("single", "diffusers"):
        from commands.convert_models import convert_model

        return convert_model(arguments.file, arguments.to, arguments.output, arguments.dtype, arguments.variant)
    if arguments.command == "convert":
        from commands.convert import convert

        return convert(arguments.file, arguments.to, arguments.output, arguments.workspace)
    if arguments.command == "train":
        from commands.train import TrainOptions, train

        return train(TrainOptions(**fields))
    from commands.run import RunOptions, run

    return run(RunOptions(**fields))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code (0 done, 1 failed, 2 refused, 130 cancelled)."""
    accept_any_text()
    arguments = build_parser().parse_args(with_default_command(sys.argv[1:] if argv is None else argv))
    # Read by torch's thread pool when torch is imported: threads that wait sleep instead of spinning. Where another
    # program takes a core, spinning made a sampler step a hundred times slower (docs/performance.md).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        return _dispatch(arguments)
    except CommandError as error:
        return _end(error, error.exit_code, f"Error: {error}", arguments.debug)
    except KeyboardInterrupt as error:
        return _end(error, EXIT_CANCELLED, "Cancelled. What was already written is kept.", arguments.debug)
    except Exception as error:  # noqa: BLE001 - the program's border: people get a sentence, --debug the traceback
        sentence = f"Error: Weft failed in a way it should not have ({type(error).__name__}: {error}). Add --debug."
        return _end(error, EXIT_FAILED, sentence, arguments.debug)


def _end(error: BaseException, code: int, sentence: str, debug: bool) -> int:
    if debug:
        traceback.print_exception(error)
    print(sentence, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
