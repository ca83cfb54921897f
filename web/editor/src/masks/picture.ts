/** The picture that is masked, and the mask that it has: how transparent it is. */

import type { Server } from "../api/server";
import type { ShownFile } from "../state/runs";
import { type Bitmap, createBitmap } from "./pixels/bitmap";

export interface LoadedPicture {
  readonly file: ShownFile;
  /** Its colours without transparency, as an address of this page; `release` gives it back. */
  readonly address: string;
  readonly colours: Blob;
  /** 255 where it is transparent, 0 where it is opaque. */
  readonly mask: Bitmap;
}

const STRIP = 2 ** 20; // pixels that are looked at in one go

/**
 * Fetch a picture. Colours and transparency come apart, because browsers lose the colours of transparent pixels.
 *
 * Throws a ServerProblem when it is not there or cannot be had, and an Error when the browser cannot hold it.
 */
export async function loadPicture(server: Server, file: ShownFile, signal: AbortSignal): Promise<LoadedPicture> {
  const [colours, transparency] = await Promise.all([
    fetchChannel(server, file, "rgb", signal),
    fetchChannel(server, file, "a", signal),
  ]);
  const mask = await readMask(transparency);
  signal.throwIfAborted();
  return { file, colours, address: URL.createObjectURL(colours), mask };
}

export function release({ address }: LoadedPicture): void {
  URL.revokeObjectURL(address);
}

async function fetchChannel(server: Server, file: ShownFile, channel: string, signal: AbortSignal): Promise<Blob> {
  const { filename, subfolder, type } = file;
  const query = new URLSearchParams({ filename, subfolder, type, channel });
  // The same name may mean another picture by now.
  const response = await server.fetch(`/api/view?${query}`, { signal, headers: { "Cache-Control": "no-cache" } });
  return response.blob();
}

async function readMask(transparency: Blob): Promise<Bitmap> {
  const image = await createImageBitmap(transparency);
  const mask = createBitmap(image.width, image.height);
  eachStrip(image, (start, rgba) => {
    for (let at = 3, pixel = start; at < rgba.length; at += 4, pixel += 1) mask.data[pixel] = 255 - (rgba[at] ?? 255);
  });
  image.close();
  return mask;
}

/** Visit the pixels of a picture's colours, some rows at a time. */
export async function eachColour(
  colours: Blob,
  visit: (start: number, rgba: Uint8ClampedArray) => void,
): Promise<void> {
  const image = await createImageBitmap(colours, { colorSpaceConversion: "none" });
  eachStrip(image, visit);
  image.close();
}

/** The colour of one pixel: red, green and blue. */
export async function colourAt(colours: Blob, x: number, y: number): Promise<readonly [number, number, number]> {
  const image = await createImageBitmap(colours, x, y, 1, 1, { colorSpaceConversion: "none" });
  let colour: readonly [number, number, number] = [0, 0, 0];
  eachStrip(image, (_, [red = 0, green = 0, blue = 0]) => (colour = [red, green, blue]));
  image.close();
  return colour;
}

/** `start` is the number of the first of the pixels, counted row by row. */
function eachStrip(image: ImageBitmap, visit: (start: number, rgba: Uint8ClampedArray) => void): void {
  const { width, height } = image;
  const rows = Math.min(height, Math.max(1, Math.floor(STRIP / width)));
  const pen = new OffscreenCanvas(width, rows).getContext("2d", { willReadFrequently: true });
  if (!pen) throw new Error("This browser cannot draw a picture of this size.");
  for (let y = 0; y < height; y += rows) {
    const count = Math.min(rows, height - y);
    pen.clearRect(0, 0, width, rows);
    pen.drawImage(image, 0, y, width, count, 0, 0, width, count);
    visit(y * width, pen.getImageData(0, 0, width, count).data);
  }
}
