import { type ComponentType, type KeyboardEvent, memo, useCallback, useState } from "react";
import { bodyRest, WIDGET_HEIGHT, type WidgetRow, widgetRows } from "../document/geometry";
import type { NodeSchema } from "../document/schema";
import { MARKDOWN_NOTE } from "../document/virtual";
import type { Widget } from "../document/widgets";
import type { WorkflowNode } from "../document/workflow";
import { type Column, ColumnContext, type RowProps, useNodeColumn } from "./column";
import { ControlLine } from "./ControlLine";
import { InputPicture } from "./InputPicture";
import { controlFor } from "./kinds";
import { MarkdownNote } from "./MarkdownNote";
import { plainText, problemId } from "./row_parts";
import { UploadLine } from "./UploadLine";
import { copyValue, resetValue } from "./value_acts";
import { WidgetMenu } from "./WidgetMenu";

interface Props {
  readonly node: WorkflowNode;
  readonly schema: NodeSchema | undefined;
}

/** Where a widget's menu was asked for. */
interface Asked {
  readonly name: string;
  readonly row: HTMLElement;
  readonly x: number;
  readonly y: number;
}

const LEAST_PICTURE = 40; // canvas units of height below which a picture is not worth showing

/** The controls of a node, one below the other, where `document/geometry.ts` says; its top is that of the first. */
export const WidgetColumn = memo(function WidgetColumn({ node, schema }: Props) {
  const column = useNodeColumn(node, schema);
  const [asked, setAsked] = useState<Asked | null>(null);
  const close = useCallback(() => setAsked(null), []);
  const box = useCallback(
    (element: HTMLElement | null) => (element ? listenForMenus(element, setAsked) : undefined),
    [],
  );
  const rows = widgetRows(node, schema);
  const top = rows[0]?.y ?? 0;
  const find = (element: Element | null): Widget | undefined => {
    const name = element?.closest<HTMLElement>("[data-widget]")?.dataset["widget"];
    return rows.find(({ widget }) => widget.name === name)?.widget;
  };
  const about = asked && rows.find(({ widget }) => widget.name === asked.name)?.widget;
  if (rows.length === 0) return null;
  return (
    <ColumnContext value={column}>
      <div
        ref={box}
        className="widgets"
        onClick={(event) => {
          const widget = event.altKey && event.target instanceof Element ? find(event.target) : undefined;
          if (widget && !isField(event.target)) resetValue(column, widget);
        }}
        onKeyDown={(event) => keyed(event, column, find)}
      >
        {rows.map((row) => (
          <Lines key={row.widget.name} row={row} top={top} note={node.type === MARKDOWN_NOTE} />
        ))}
        <TextNames rows={rows} top={top} />
        <Picture rows={rows} rest={bodyRest(node, schema)} top={top} />
        <Problems column={column} />
      </div>
      {asked && about ? <WidgetMenu widget={about} row={asked.row} x={asked.x} y={asked.y} close={close} /> : null}
    </ColumnContext>
  );
});

/** A widget with the lines that belong to it: a seed's control, an upload. */
function Lines({ row, top, note }: { readonly row: WidgetRow; readonly top: number; readonly note: boolean }) {
  const { widget } = row;
  const more: ComponentType<RowProps>[] = [];
  if (widget.control !== undefined) more.push(ControlLine);
  if (widget.spec.upload) more.push(UploadLine);
  const Control = note && !widget.linked ? MarkdownNote : controlFor(widget);
  const height = row.height - more.length * WIDGET_HEIGHT;
  const y = row.y - top;
  if (more.length === 0) return <Control widget={widget} y={y} height={height} />;
  return (
    <>
      <Control widget={widget} y={y} height={height} />
      {more.map((Line, place) => (
        <Line key={place} widget={widget} y={y + height + place * WIDGET_HEIGHT} height={WIDGET_HEIGHT} />
      ))}
    </>
  );
}

/** The names of a node's texts where it has several: filled, they look all the same. */
function TextNames({ rows, top }: { readonly rows: readonly WidgetRow[]; readonly top: number }) {
  const texts = rows.filter(({ widget }) => widget.spec.multiline && !widget.linked);
  if (texts.length < 2) return null;
  return texts.map(({ widget, y }) => (
    <span key={widget.name} className="area-name" aria-hidden="true" style={{ top: y - top + 3 }}>
      {widget.label}
    </span>
  ));
}

/** The picture of the first widget that names one. */
function Picture({
  rows,
  rest,
  top,
}: {
  readonly rows: readonly WidgetRow[];
  readonly rest: { y: number; height: number };
  readonly top: number;
}) {
  const widget = rows.find((row) => row.widget.spec.upload === "image" && !row.widget.linked)?.widget;
  if (!widget || rest.height < LEAST_PICTURE) return null;
  return <InputPicture value={plainText(widget.value)} y={rest.y - top} height={rest.height} />;
}

/** What is wrong, for those who hear the page; others see the red outline, and the sentence on the node. */
function Problems({ column }: { readonly column: Column }) {
  return column.problems.map((problem, place) =>
    problem.input === null ? null : (
      <span key={place} id={problemId(column, problem.input)} className="visually-hidden">
        {problem.message} {problem.details}
      </span>
    ),
  );
}

/** Not by React: the canvas listens below React's own place in the page, and would open the node's menu as well. */
function listenForMenus(column: HTMLElement, set: (asked: Asked) => void): () => void {
  const wanted = (event: MouseEvent): void => {
    const { target } = event;
    const row = target instanceof Element ? target.closest<HTMLElement>("[data-widget]") : null;
    if (!row || !target || isField(target)) return; // in fields the browser's own menu corrects spelling and pastes
    event.preventDefault();
    event.stopPropagation();
    set({ name: row.dataset["widget"] ?? "", row, x: event.clientX, y: event.clientY });
  };
  column.addEventListener("contextmenu", wanted);
  return () => column.removeEventListener("contextmenu", wanted);
}

/** Keys on a control that was reached by the keyboard; after a click, Delete and Ctrl+C still mean the node. */
function keyed(
  event: KeyboardEvent<HTMLElement>,
  column: Column,
  find: (element: Element) => Widget | undefined,
): void {
  const row = event.target;
  if (!(row instanceof HTMLElement) || isField(row) || event.defaultPrevented || !row.matches(":focus-visible")) return;
  const widget = find(row);
  const controlled = event.ctrlKey || event.metaKey;
  if (!widget) return;
  if ((event.key === "Delete" || event.key === "Backspace") && !controlled) resetValue(column, widget);
  else if (event.key.toLowerCase() === "c" && controlled && !event.shiftKey) void copyValue(column, widget);
  else return;
  event.preventDefault();
}

function isField(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea");
}
