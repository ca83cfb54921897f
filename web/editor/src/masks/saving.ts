/** Sending a mask: the server makes a new file of the picture's own pixels and this mask. */

import type { Server } from "../api/server";
import type { ShownFile } from "../state/runs";
import type { Bitmap } from "./pixels/bitmap";
import { transparencyPng } from "./pixels/png";

const FOLDER = "clipspace"; // where other editors of such workflows keep masked pictures too

/**
 * Save a picture's mask; returns the new file. The picture itself is not sent: the server has it, unharmed.
 *
 * Throws a ServerProblem when the server refuses it or cannot be reached.
 */
export async function saveMask(server: Server, original: ShownFile, mask: Bitmap): Promise<ShownFile> {
  const { filename, subfolder, type } = original;
  const form = new FormData();
  form.append("image", await transparencyPng(mask), maskedName(filename));
  form.append("type", "input");
  form.append("subfolder", FOLDER);
  form.append("original_ref", JSON.stringify({ filename, subfolder, type }));
  const kept = await server.json<{ name: string; subfolder: string; type: string }>("/api/upload/mask", { body: form });
  return { filename: kept.name, subfolder: kept.subfolder, type: kept.type };
}

/** `cat.jpg` and what was made of it before, `cat-masked (2).png`, become `cat-masked.png`; the server numbers it. */
export function maskedName(filename: string): string {
  const stem = filename.replace(/\.[^.]*$/, "").replace(/-masked( \(\d+\))?$/, "");
  return `${stem || "picture"}-masked.png`;
}
