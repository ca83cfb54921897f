"""Run every template on the bundled checkpoints and draw its picture: `python -m tests.bundled.template_pictures`.

Writes `templates/NAME.webp` (what it begins with, then what it makes) and the seconds it took into
`templates/index.json`. Names given as arguments: only these.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import torch
from PIL import Image, ImageDraw

from commands.prepare import prepare
from commands.workbench import build_engine, choose_device, node_types, open_workspace
from folders.workspace import Workspace
from web.workflows.templates import FOLDER, PICTURES, fitted, template_names

GAP = 6  # pixels between pictures
LARGER = 2  # the bundled checkpoints' pictures are small
WIDEST = 560  # pixels, of a sheet
FRAMES = 4  # of a moving picture
ATTEMPTS = 2  # of which the fastest counts
LABEL = 16  # pixels


class Studio:
    """Runs workflows in a workspace of its own."""

    def __init__(self, folder: Path) -> None:
        self.registry = node_types()
        self.workspace: Workspace = open_workspace(folder, [])
        for kind in ("input", "output", "temp"):
            self.workspace.folder(kind).mkdir(parents=True, exist_ok=True)

    def run(self, workflow: dict[str, Any], settings: Sequence[str] = ()) -> tuple[list[Path], float]:
        """The pictures that a workflow makes, temporary ones first, and the seconds it took with nothing in memory.

        The seconds are the processor's, of one thread: what else the machine does counts little.
        """
        path = self.workspace.root / "workflow.json"
        path.write_text(json.dumps(workflow), encoding="utf-8")
        prepared = prepare(path, list(settings), None, True, self.workspace, self.registry)
        assert prepared.validation.sentences == [], prepared.validation.sentences
        engine = build_engine(self.registry, self.workspace, choose_device("cpu", "auto"))
        with closing(engine):
            begun = time.process_time()
            result = engine.run_sync(prepared.graph, prepared.validation.good_outputs, extra=prepared.extra({}))
            taken = time.process_time() - begun
        assert result.status == "success", result
        shown = [entry for node in sorted(result.ui, key=int) for entry in result.ui[node].get("images", [])]
        shown.sort(key=lambda entry: entry["type"] != "temp")
        return [self.workspace.folder(one["type"]) / one["subfolder"] / one["filename"] for one in shown], taken


def sheet_of(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures in rows, as near to a square as they allow: that is how the gallery shows sheets."""
    sheets = (in_columns(pictures, columns) for columns in range(len(pictures), 0, -1))
    return min(sheets, key=lambda sheet: max(sheet.size))


def in_columns(pictures: Sequence[Image.Image], columns: int) -> Image.Image:
    """Pictures in rows of so many, the last row in the middle."""
    rows = [pictures[first : first + columns] for first in range(0, len(pictures), columns)]
    widths = [sum(one.width for one in line) + GAP * (len(line) - 1) for line in rows]
    heights = [max(one.height for one in line) for line in rows]
    sheet = Image.new("RGBA", (max(widths), sum(heights) + GAP * (len(rows) - 1)), (0, 0, 0, 0))
    y = 0
    for line, width, height in zip(rows, widths, heights, strict=True):
        x = (sheet.width - width) // 2
        for picture in line:
            sheet.paste(picture, (x, y + (height - picture.height) // 2))
            x += picture.width + GAP
        y += height + GAP
    return sheet


def frames(path: Path) -> Iterator[Image.Image]:
    """A picture, or of a moving one as many as show how it moves."""
    with Image.open(path) as opened:
        count = getattr(opened, "n_frames", 1)
        shown = min(count, FRAMES)
        for place in range(shown):
            opened.seek(round(place * (count - 1) / max(1, shown - 1)))
            yield opened.convert("RGBA")


def beginnings(workflow: dict[str, Any]) -> Iterator[Image.Image]:
    """The pictures that a template begins with."""
    values = [value for node in workflow["nodes"] for value in node.get("widgets_values", [])]
    for path in sorted((FOLDER / PICTURES).glob("*.png")):
        if path.name in values:
            yield Image.open(path).convert("RGBA")


def grid_sheet(studio: Studio, workflow: dict[str, Any], grid: dict[str, Any]) -> tuple[Image.Image, float]:
    """Every cell of a sweep with its values at the sides, and the seconds of all."""
    x, y = grid["x"], grid["y"]
    cells: list[list[Image.Image]] = []
    seconds = 0.0
    for down in y["values"]:
        cells.append([])
        for across in x["values"]:
            settings = [f"{x['node']}.{x['input']}={across}", f"{y['node']}.{y['input']}={down}"]
            made, taken = studio.run(workflow, settings)
            cells[-1].append(Image.open(made[0]).convert("RGBA"))
            seconds += taken
    side = cells[0][0].width
    left = 60
    sheet = Image.new("RGBA", (left + len(x["values"]) * (side + GAP), LABEL + len(cells) * (side + GAP)), "white")
    draw = ImageDraw.Draw(sheet)
    for column, across in enumerate(x["values"]):
        draw.text(
            (left + column * (side + GAP) + side // 2, LABEL // 2), f"{x['input']} {across}", "black", anchor="mm"
        )
    for line, pictures in enumerate(cells):
        top = LABEL + line * (side + GAP)
        draw.text((left // 2, top + side // 2), f"{y['input']} {y['values'][line]}", "black", anchor="mm")
        for column, picture in enumerate(pictures):
            sheet.paste(picture, (left + column * (side + GAP), top))
    return sheet, seconds


def picture_of(studio: Studio, name: str) -> tuple[Image.Image, float]:
    """The picture of a template, and the seconds that it takes."""
    template = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    workflow = fitted(template, studio.workspace)
    grid = workflow["extra"].get("weft", {}).get("grid")
    if grid is not None:
        return grid_sheet(studio, workflow, grid)
    runs = [studio.run(workflow) for _ in range(ATTEMPTS)]
    made = [picture for path in runs[0][0] for picture in frames(path)]
    sheet = sheet_of([*beginnings(template), *made])
    times = min(LARGER, WIDEST / max(sheet.size))
    fit = sheet.resize((round(sheet.width * times), round(sheet.height * times)), Image.Resampling.LANCZOS)
    return fit, min(taken for _, taken in runs)


def main() -> None:
    torch.set_num_threads(1)
    names = sys.argv[1:] or template_names()
    index_path = FOLDER / "index.json"
    index = json.loads(index_path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Path(folder))
        for name in names:
            picture, seconds = picture_of(studio, name)
            path = FOLDER / f"{name}.webp"
            picture.save(path, "WEBP", quality=84, method=6)
            for entry in index:
                if entry["name"] == name:
                    entry["seconds"] = round(seconds, 1)
            sys.stdout.write(f"{name:20} {seconds:5.1f} s  {path.stat().st_size:7,} bytes  {picture.size}\n")
    index_path.write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
