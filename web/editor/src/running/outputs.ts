/** What a node shows after a run (`executed`), sorted into pictures, other files and texts. */

import { isObject } from "../document/json";
import type { NodeRun, ShownFile } from "../state/runs";

const PICTURES = /\.(png|jpe?g|webp|gif|avif|bmp|svg|apng)$/i;

/** Fields of a node's record. Results take the place of all earlier ones of the node. */
export function readOutput(output: unknown): Pick<NodeRun, "files" | "others" | "texts"> {
  const files: ShownFile[] = [];
  const others: ShownFile[] = [];
  const texts: string[] = [];
  const record = isObject(output) ? output : {};
  const moves = Array.isArray(record["animated"]) && record["animated"].includes(true);
  for (const [kind, items] of Object.entries(record)) {
    for (const item of Array.isArray(items) ? items : [items]) {
      const file = readFile(item);
      if (file && (kind === "images" || PICTURES.test(file.filename)))
        files.push(moves && kind === "images" ? { ...file, isAnimated: true } : file);
      else if (file) others.push(file);
      else if (kind === "text" || kind === "string") texts.push(typeof item === "string" ? item : JSON.stringify(item));
    }
  }
  return { files, others, texts };
}

/** A file as messages name it; null for what is none. */
export function readFile(item: unknown): ShownFile | null {
  if (!isObject(item) || typeof item["filename"] !== "string") return null;
  return {
    filename: item["filename"],
    subfolder: typeof item["subfolder"] === "string" ? item["subfolder"] : "",
    type: typeof item["type"] === "string" ? item["type"] : "output",
  };
}

/** Where a file is to be had; `size`: a copy whose longer side is at most so many pixels. */
export function fileAddress(file: ShownFile, size?: number): string {
  const query = new URLSearchParams({ filename: file.filename, subfolder: file.subfolder, type: file.type });
  if (size !== undefined) {
    query.set("preview", "webp;80");
    query.set("size", String(size));
  }
  return `/api/view?${query}`;
}
