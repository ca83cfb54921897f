"""What `main.py verify` may find out about a picture, and how it says so."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from commands.comparing import Difference
from nodes.provenance import Machine, Program, Provenance

VerdictKind = Literal[
    "exact", "within_tolerance", "differs", "edited", "other_files", "cannot_run", "no_provenance", "unreadable"
]

VERIFIED, REFUTED, UNKNOWN = 0, 1, 2
CODES: dict[VerdictKind, int] = {
    "exact": VERIFIED,
    "within_tolerance": VERIFIED,
    "differs": REFUTED,
    "edited": REFUTED,
    "other_files": UNKNOWN,
    "cannot_run": UNKNOWN,
    "no_provenance": UNKNOWN,
    "unreadable": UNKNOWN,
}

TOLERANCE = 45.0
"""dB of PSNR from which on a picture is within tolerance. Other rounding (half precision, other instructions) leaves
50 dB or more, and nobody sees it; another seed or word of the prompt leaves 29 to 37 (docs/provenance.md)."""


@dataclass(frozen=True, slots=True)
class FileFinding:
    """A file that the picture was made with and that is not here as it was then."""

    folder: str
    name: str
    then: str | None  # SHA-256
    now: str | None  # None: it is missing

    @property
    def sentence(self) -> str:
        if self.now is None:
            which = f" (SHA-256 {self.then})" if self.then else ""
            return f"{self.folder}/{self.name}{which} is not here"
        return f"{self.folder}/{self.name} is another file than then: its SHA-256 is {self.now}, it was {self.then}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found out about one picture."""

    kind: VerdictKind
    sentence: str
    difference: Difference | None = None  # between the picture and what its workflow makes here
    files: tuple[FileFinding, ...] = ()

    @property
    def code(self) -> int:
        """The exit code, if it were the only picture."""
        return CODES[self.kind]

    def facts(self) -> dict[str, Any]:
        """For programs."""
        apart = asdict(self.difference) if self.difference is not None else None
        if apart is not None and math.isinf(apart["psnr"]):
            apart["psnr"] = None  # JSON has no infinity
        return {"verdict": self.kind, "difference": apart, "files": [asdict(one) for one in self.files]}


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """Of the whole command: a refuted picture weighs most, then one that could not be checked."""
    codes = {verdict.code for verdict in verdicts}
    return REFUTED if REFUTED in codes else max(codes, default=VERIFIED)


def judged(apart: Difference | None, as_saved: bool, edited: bool, reasons: list[str]) -> Verdict:
    """The verdict on a picture whose workflow has run.

    `apart`: how far what came out is from the file, None: it has another size; `as_saved`: it is, bit for bit, what was
    saved; `edited`: the file's pixels are not what was saved; `reasons`: why another picture may have come out.
    """
    far = "what its workflow makes here has another size" if apart is None else apart.sentence
    because = f" {' '.join(reasons)}" if reasons else ""
    if edited:
        original = (
            "Its workflow still makes the picture as it was saved, bit for bit"
            if as_saved
            else f"What its workflow makes here is not what was saved either.{because} Against the file"
        )
        return Verdict("edited", f"changed after saving: its pixels are not those saved. {original}; {far}.", apart)
    if as_saved:
        return Verdict("exact", "exact: its workflow makes it again here, bit for bit.", apart)
    if apart is not None and apart.psnr >= TOLERANCE:
        return Verdict("within_tolerance", f"within tolerance ({TOLERANCE:g} dB or more): {far}.{because}", apart)
    return Verdict("differs", f"not reproduced: {far} (tolerance: {TOLERANCE:g} dB or more).{because}", apart)


def reasons_to_differ(made: Provenance, program: Program, machine: Machine) -> list[str]:
    """Sentences about what is not here as it was when the picture was made."""
    reasons: list[str] = []
    then = made.program
    if then is not None and then.source != program.source:
        reasons.append(f"It was made by {_named(then)}, and this is {_named(program)}.")
    if made.machine is not None and made.machine.computes_alike != machine.computes_alike:
        reasons.append(f"It was made with {_described(made.machine)}; here it is {_described(machine)}.")
    elif made.machine is not None and made.machine.threads != machine.threads:
        reasons.append(f"It was made by {made.machine.threads} threads, and here there are {machine.threads}.")
    return reasons


def _named(program: Program) -> str:
    commit = f", commit {program.commit[:10]}" if program.commit else ""
    return f"Weft {program.version} (source {program.source}{commit})"


def _described(machine: Machine) -> str:
    formats = dict.fromkeys((machine.model, machine.text, machine.vae))
    return f"torch {machine.torch} on {machine.device} ({machine.name}) in {'/'.join(formats)}"
