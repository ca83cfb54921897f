"""Print the figures of the bundled LoRA and ControlNet and draw their contact sheet.

`python -m tests.bundled.measure_adapters --sheet docs/images/bundled-adapters.png`
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from models.training.bundled import contact_sheet
from tests.bundled.adapting import along_edges, drawn, outlines, overlap, scenes, styled, with_style
from tests.bundled.painting import load_pair

ALONG = 12  # pictures in a row of the sheet


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheet", type=Path, help="write the contact sheet here")
    parser.add_argument("--count", type=int, default=50)
    arguments = parser.parse_args()
    base, _ = load_pair()
    rows = []
    for strength in (0.0, 0.5, 1.0):
        batch = with_style(base, arguments.count, strength)
        print(f"LoRA at {strength}: outlines in {styled(batch)} of {len(batch)}", flush=True)
        rows.append(batch[:ALONG])
    wanted = scenes(arguments.count)
    rows += [drawn(wanted)[:ALONG], outlines(wanted)[:ALONG].movedim(-1, 1)]
    for said, strength in ((True, 0.0), (True, 1.0), (False, 1.0)):
        batch = along_edges(base, wanted, strength, shapes_said=said)
        found = overlap(batch, wanted)
        told = "the shape is said" if said else "the shape is not said"
        print(
            f"ControlNet at {strength}, {told}: overlap median {found.median():.2f}, mean {found.mean():.2f}, "
            f"above 0.7 in {(found > 0.7).sum()} of {len(found)}",
            flush=True,
        )
        rows.append(batch[:ALONG])
    if arguments.sheet:
        arguments.sheet.parent.mkdir(parents=True, exist_ok=True)
        sheet = contact_sheet(torch.cat([row[:ALONG] for row in rows]), min(ALONG, arguments.count))
        sheet.quantize(128).save(arguments.sheet, optimize=True)


if __name__ == "__main__":
    main()
