import { useMemo, useState } from "react";
import { ServerProblem } from "../api/server";
import { type Axes, type Axis, savedAxes, type Sweepable, sweepables } from "../document/axes";
import { useText } from "../i18n/use_text";
import { DialogFrame } from "../shell/DialogFrame";
import type { DialogProps } from "../shell/dialog_props";
import { type Tab, workflowOf } from "../state/documents";
import type { Cell, Grid } from "../state/grids";
import { useCatalogue, useDocuments, useGrids, useStudio } from "../state/studio";
import { AxisEditor, type AxisDraft, keyOfInput } from "./AxisEditor";
import { GridTable } from "./GridTable";
import { labelOf } from "./labels";
import { SheetButtons } from "./SheetButtons";
import { beginSweep, MOST_CELLS, stopSweep } from "./sweep";
import { type ParsedValues, parseValues, writtenValues } from "./values";

/** Sweeps one or two inputs of a tab's workflow over values. `about.tab` is its id. */
export function GridDialog({ about, close }: DialogProps) {
  const t = useText();
  const tab = useDocuments((state) => state.tabs.find((one) => one.id === about["tab"]));
  return (
    <DialogFrame title={t("grid.title")} close={close}>
      {tab ? <GridBody tab={tab} close={close} /> : null}
    </DialogFrame>
  );
}

function GridBody({ tab, close }: { readonly tab: Tab; readonly close: () => void }) {
  const t = useText();
  const studio = useStudio();
  const types = useCatalogue((state) => state.types);
  const workflow = workflowOf(tab);
  const inputs = useMemo(() => sweepables(workflow, types), [workflow, types]);
  const grid = useGrids((state) => state.grids.get(tab.id));
  const saved = grid?.axes ?? savedAxes(workflow);
  const [x, setX] = useState(() => draftOf(inputs, saved?.x));
  const [y, setY] = useState(() => draftOf(inputs, saved?.y));
  const [busy, setBusy] = useState(false);
  const parsedX = parsed(inputs, x);
  const parsedY = parsed(inputs, y);
  const axes = axesOf(inputs, x, parsedX, y, parsedY);
  const count = axes ? axes.x.values.length * (axes.y?.values.length ?? 1) : 0;

  const begin = async (): Promise<void> => {
    if (!axes) return;
    setBusy(true);
    try {
      await beginSweep(studio, tab, axes);
    } catch (error) {
      if (!(error instanceof ServerProblem)) throw error;
      studio.ui.notify({ tone: "problem", text: error.message, details: error.details });
    } finally {
      setBusy(false);
    }
  };
  const open = (cell: Cell): void => {
    const name = [cell.x, cell.y]
      .filter((value) => value !== null)
      .map(labelOf)
      .join(" · ");
    studio.documents.open(cell.workflow, { name: `${tab.name}: ${name}` });
    close();
  };
  return (
    <div className="grid-dialog">
      <div className="grid-axes">
        <AxisEditor title={t("grid.x")} inputs={inputs} draft={x} parsed={parsedX} change={setX} />
        <AxisEditor title={t("grid.y")} inputs={inputs} draft={y} parsed={parsedY} optional change={setY} />
      </div>
      <div className="dialog-buttons">
        <span className="hint">
          {count > MOST_CELLS ? t("grid.tooMany", { count, most: MOST_CELLS }) : t("grid.count", { count })}
        </span>
        {grid?.cells.some((cell) => cell.status === "waiting" || cell.status === "running") ? (
          <button type="button" onClick={() => void stopSweep(studio, tab.id)}>
            {t("grid.stop")}
          </button>
        ) : null}
        <button
          type="button"
          className="primary"
          disabled={busy || count === 0 || count > MOST_CELLS}
          onClick={() => void begin()}
        >
          {t("grid.run")}
        </button>
      </div>
      {grid ? <Made grid={grid} name={tab.name} open={open} /> : null}
    </div>
  );
}

function Made({
  grid,
  name,
  open,
}: {
  readonly grid: Grid;
  readonly name: string;
  readonly open: (cell: Cell) => void;
}) {
  const t = useText();
  const done = grid.cells.filter((cell) => cell.status === "done").length;
  return (
    <>
      <progress aria-label={t("grid.progress")} value={done} max={grid.cells.length} />
      <GridTable grid={grid} open={open} />
      <SheetButtons grid={grid} name={name} />
    </>
  );
}

function draftOf(inputs: readonly Sweepable[], axis: Axis | null | undefined): AxisDraft {
  const input = axis && inputs.find((one) => one.node === axis.node && one.widget.name === axis.input);
  return input
    ? { input: keyOfInput(input), text: writtenValues(input.widget.spec, axis.values) }
    : { input: "", text: "" };
}

function parsed(inputs: readonly Sweepable[], draft: AxisDraft): ParsedValues | null {
  const input = inputs.find((one) => keyOfInput(one) === draft.input);
  return input ? parseValues(input.widget.spec, draft.text) : null;
}

/** The axes as typed; null while something of them cannot be read. */
function axesOf(
  inputs: readonly Sweepable[],
  x: AxisDraft,
  parsedX: ParsedValues | null,
  y: AxisDraft,
  parsedY: ParsedValues | null,
): Axes | null {
  const across = axisOf(inputs, x, parsedX);
  if (!across) return null;
  if (y.input === "") return { x: across, y: null };
  const down = axisOf(inputs, y, parsedY);
  return down && { x: across, y: down };
}

function axisOf(inputs: readonly Sweepable[], draft: AxisDraft, read: ParsedValues | null): Axis | null {
  const input = inputs.find((one) => keyOfInput(one) === draft.input);
  if (!input || !read || "unreadable" in read || read.values.length === 0) return null;
  return { node: input.node, input: input.widget.name, values: read.values };
}
