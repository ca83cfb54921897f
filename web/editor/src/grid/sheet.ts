/** The contact sheet: all pictures of a grid in one, with the values at its edges. */

import type { Server } from "../api/server";
import { fileAddress } from "../running/outputs";
import { labelOf } from "./labels";
import type { Grid } from "../state/grids";

const CELL = 512; // px, the most that a picture's longer side gets
const GAP = 8;
const FONT = 18; // px
const LETTERS = `${FONT}px system-ui, sans-serif`;

/** The names of the axes, as they stand on the sheet. */
export interface SheetTitles {
  readonly x: string;
  readonly y: string;
}

/** Draw the sheet as PNG; cells without a picture stay empty. Throws when a picture cannot be read. */
export async function drawSheet(server: Server, grid: Grid, titles: SheetTitles): Promise<Blob> {
  const pictures = await Promise.all(
    grid.cells.map(({ file }) => (file ? loadPicture(server.address(fileAddress(file))) : null)),
  );
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (!context) throw new Error("The browser cannot draw.");
  const layout = layOut(context, grid, titles, pictures);
  canvas.width = layout.width;
  canvas.height = layout.height;
  paintLabels(context, grid, titles, layout);
  paintPictures(context, grid, pictures, layout);
  return new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("The sheet is too large for the browser."))),
      "image/png",
    ),
  );
}

/** Where everything is on the sheet, in pixels. */
interface Layout {
  readonly width: number;
  readonly height: number;
  /** Beside and above the pictures, for labels. */
  readonly left: number;
  readonly top: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly scale: number;
}

type Pictures = readonly (HTMLImageElement | null)[];

function layOut(context: CanvasRenderingContext2D, { axes }: Grid, titles: SheetTitles, pictures: Pictures): Layout {
  const sizes = pictures.flatMap((picture) => (picture ? [[picture.width, picture.height] as const] : []));
  const scale = Math.min(1, CELL / Math.max(1, ...sizes.flat()));
  const cellWidth = Math.max(96, ...sizes.map(([width]) => width * scale));
  const cellHeight = Math.max(64, ...sizes.map(([, height]) => height * scale));
  context.font = LETTERS;
  const labels = axes.y ? [titles.y, ...axes.y.values.map(labelOf)] : [];
  const left = Math.max(0, ...labels.map((text) => context.measureText(text).width)) + 2 * GAP;
  const top = 2 * FONT + 3 * GAP;
  const width = Math.ceil(left + axes.x.values.length * (cellWidth + GAP));
  const height = Math.ceil(top + (axes.y?.values.length ?? 1) * (cellHeight + GAP));
  return { width, height, left, top, cellWidth, cellHeight, scale };
}

function paintLabels(context: CanvasRenderingContext2D, { axes }: Grid, titles: SheetTitles, layout: Layout): void {
  const { width, height, left, top, cellWidth, cellHeight } = layout;
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, height);
  context.font = LETTERS;
  context.fillStyle = "#111111";
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.fillText(titles.x, (left + width) / 2, GAP + FONT / 2, width - left);
  axes.x.values.forEach((value, column) => {
    context.fillText(
      labelOf(value),
      left + column * (cellWidth + GAP) + cellWidth / 2,
      2 * GAP + 1.5 * FONT,
      cellWidth,
    );
  });
  context.textAlign = "left";
  if (!axes.y) return;
  context.fillText(titles.y, GAP, 2 * GAP + 1.5 * FONT);
  axes.y.values.forEach((value, row) =>
    context.fillText(labelOf(value), GAP, top + row * (cellHeight + GAP) + cellHeight / 2),
  );
}

function paintPictures(context: CanvasRenderingContext2D, { axes }: Grid, pictures: Pictures, layout: Layout): void {
  const columns = axes.x.values.length;
  pictures.forEach((picture, at) => {
    if (!picture) return;
    const x = layout.left + (at % columns) * (layout.cellWidth + GAP);
    const y = layout.top + Math.floor(at / columns) * (layout.cellHeight + GAP);
    context.drawImage(picture, x, y, picture.width * layout.scale, picture.height * layout.scale);
  });
}

async function loadPicture(address: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
}
