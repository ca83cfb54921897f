import type { CSSProperties } from "react";
import type { Json } from "../document/json";
import type { Column, RowProps } from "./column";

const GAP = 2; // above and below a control within its row

/** What every control has: its place, name, help, and whether something is wrong with it. */
export interface RowAttributes {
  readonly className: string;
  readonly style: CSSProperties;
  readonly title: string | undefined;
  readonly "aria-label": string;
  readonly "aria-invalid": true | undefined;
  readonly "aria-describedby": string | undefined;
  readonly "data-widget": string;
}

/** The attributes of a widget's control; `kind` says what it looks like. */
export function rowAttributes(column: Column, { widget, y, height }: RowProps, kind: string): RowAttributes {
  const wrong = column.problems.some((problem) => problem.input === widget.name);
  return {
    className: `widget nodrag nokey widget-${kind}`,
    style: { top: y + GAP, height: height - 2 * GAP },
    title: widget.spec.tooltip,
    "aria-label": widget.label,
    "aria-invalid": wrong || undefined,
    "aria-describedby": wrong ? problemId(column, widget.name) : undefined,
    "data-widget": widget.name,
  };
}

/** The id of the text that says what is wrong with an input. */
export function problemId(column: Column, input: string): string {
  return `problem-${column.runKey}-${input}`.replace(/\s/g, "_");
}

/** A row's name at its left. */
export function Name({ children }: { readonly children: string }) {
  return <span className="widget-name">{children}</span>;
}

/** What stands where a value cannot be written as what its widget is for. */
export function plainText(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
