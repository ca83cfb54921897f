/** Names of pictures as widgets keep them: `cat.png`, `people/cat.png`, `cat.png [output]`. */

import type { ShownFile } from "../state/runs";

const ANNOTATED = /^(.*?)\s*\[(input|output|temp)\]\s*$/;

/** The file that a value names; null for an empty one. */
export function fileOf(value: string): ShownFile | null {
  const [, path = value, type = "input"] = ANNOTATED.exec(value) ?? [];
  const cut = path.replaceAll("\\", "/").lastIndexOf("/");
  const filename = path.slice(cut + 1);
  return filename === "" ? null : { filename, subfolder: cut < 0 ? "" : path.slice(0, cut), type };
}

/** How a widget names a file. */
export function nameOf({ filename, subfolder, type }: ShownFile): string {
  const path = subfolder === "" ? filename : `${subfolder}/${filename}`;
  return type === "input" ? path : `${path} [${type}]`;
}

/** Where the server gives a small copy of a picture, `size` pixels at its longer side. */
export function pictureAddress({ filename, subfolder, type }: ShownFile, size: number): string {
  return `/api/view?${new URLSearchParams({ filename, subfolder, type, preview: "webp;85", size: String(size) })}`;
}
