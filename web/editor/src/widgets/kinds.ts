/** Which control an input gets, by what its type and options say. */

import type { ComponentType } from "react";
import type { Json } from "../document/json";
import { isObject } from "../document/json";
import type { Widget } from "../document/widgets";
import { ColorRow } from "./ColorRow";
import type { RowProps } from "./column";
import { ComboRow } from "./ComboRow";
import { LinkedRow } from "./LinkedRow";
import { NumberRow } from "./NumberRow";
import { ReadOnlyRow } from "./ReadOnlyRow";
import { TextArea } from "./TextArea";
import { TextRow } from "./TextRow";
import { ToggleRow } from "./ToggleRow";

type Kind = readonly [fits: (widget: Widget) => boolean, control: ComponentType<RowProps>];

/** The first that fits counts. */
const KINDS: readonly Kind[] = [
  [(widget) => widget.linked, LinkedRow],
  [(widget) => widget.readOnly || (isStructure(widget.value) && widget.spec.type !== "COMBO"), ReadOnlyRow],
  [({ spec }) => spec.display === "color" || spec.type === "COLOR", ColorRow],
  [({ spec }) => spec.type === "INT" || spec.type === "FLOAT", NumberRow],
  [({ spec }) => spec.type === "BOOLEAN", ToggleRow],
  [({ spec }) => spec.type === "COMBO", ComboRow],
  [({ spec }) => spec.type === "STRING" && spec.multiline, TextArea],
  [({ spec }) => spec.type === "STRING", TextRow],
];

/** The control for a widget. What no control is made for is shown and kept. */
export function controlFor(widget: Widget): ComponentType<RowProps> {
  return KINDS.find(([fits]) => fits(widget))?.[1] ?? ReadOnlyRow;
}

function isStructure(value: Json): boolean {
  return Array.isArray(value) || isObject(value);
}
