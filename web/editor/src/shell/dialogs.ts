/** Dialogs by name: `studio.ui.show("mask", {...})` opens one. */

import type { ComponentType } from "react";
import { GridDialog } from "../grid/GridDialog";
import { CompareDialog } from "../library/CompareDialog";
import { GalleryDialog } from "../library/GalleryDialog";
import { PictureDialog } from "../library/PictureDialog";
import { MaskEditor } from "../masks/MaskEditor";
import { MissingDialog } from "../workflows/MissingDialog";
import { SaveAsDialog } from "../workflows/SaveAsDialog";
import { VersionsDialog } from "../workflows/VersionsDialog";
import { CommandList } from "./CommandList";
import { KeysDialog } from "./KeysDialog";
import { SettingsDialog } from "./SettingsDialog";

/** What a dialog is given: what it is about, and how it closes. */
export interface DialogProps {
  readonly about: Readonly<Record<string, unknown>>;
  readonly close: () => void;
}

export const DIALOGS: Readonly<Record<string, ComponentType<DialogProps>>> = {
  mask: MaskEditor,
  grid: GridDialog,
  picture: PictureDialog,
  compare: CompareDialog,
  gallery: GalleryDialog,
  saveAs: SaveAsDialog,
  versions: VersionsDialog,
  missing: MissingDialog,
  commands: CommandList,
  keys: KeysDialog,
  settings: SettingsDialog,
};
