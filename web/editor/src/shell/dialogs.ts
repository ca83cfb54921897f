/** Dialogs by name: `studio.ui.show("mask", {...})` opens one. */

import type { DialogProps } from "./dialog_props";
import { type Later, later } from "./later";

export const DIALOGS: Readonly<Record<string, Later<DialogProps>>> = {
  mask: later(async () => (await import("../masks/MaskEditor")).MaskEditor),
  grid: later(async () => (await import("../grid/GridDialog")).GridDialog),
  picture: later(async () => (await import("../library/PictureDialog")).PictureDialog),
  compare: later(async () => (await import("../library/CompareDialog")).CompareDialog),
  gallery: later(async () => (await import("../library/GalleryDialog")).GalleryDialog),
  saveAs: later(async () => (await import("../workflows/SaveAsDialog")).SaveAsDialog),
  versions: later(async () => (await import("../workflows/VersionsDialog")).VersionsDialog),
  missing: later(async () => (await import("../workflows/MissingDialog")).MissingDialog),
  commands: later(async () => (await import("./CommandList")).CommandList),
  keys: later(async () => (await import("./KeysDialog")).KeysDialog),
  settings: later(async () => (await import("./SettingsDialog")).SettingsDialog),
};
