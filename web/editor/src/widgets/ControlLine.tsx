import { type KeyboardEvent, useCallback, useState } from "react";
import type { MessageKey } from "../i18n/messages";
import { SEED_CONTROLS, type SeedControl } from "../document/widgets";
import { useCatalogue, useRuns } from "../state/studio";
import { type RowProps, useColumn } from "./column";
import { Menu } from "./Menu";
import { randomSeed, readAmount, writeAmount } from "./numbers";
import { usedValue } from "./used_seed";

const TITLES: Readonly<Record<SeedControl, MessageKey>> = {
  fixed: "widgets.fixed",
  increment: "widgets.increment",
  decrement: "widgets.decrement",
  randomize: "widgets.randomize",
};

/** Below a seed: what becomes of it after queueing, the one that was used last, and a new one now. */
export function ControlLine({ widget, y, height }: RowProps) {
  const column = useColumn();
  const { t } = column;
  const control = widget.control ?? "fixed";
  const isNumber = widget.spec.type === "INT" || widget.spec.type === "FLOAT";
  return (
    <div className="widget-line nodrag nokey" style={{ top: y + 2, height: height - 4 }}>
      <ControlButton widget={widget} control={control} />
      {isNumber ? <UsedSeed widget={widget} /> : null}
      {isNumber ? (
        <button
          type="button"
          className="glyph dice"
          aria-label={t("widgets.new_seed", { name: widget.label })}
          title={t("widgets.new_seed", { name: widget.label })}
          onClick={() => column.set(widget, randomSeed(widget.spec))}
        />
      ) : null}
    </div>
  );
}

function ControlButton({ widget, control }: { readonly widget: RowProps["widget"]; readonly control: SeedControl }) {
  const column = useColumn();
  const { t } = column;
  const [open, setOpen] = useState<HTMLElement | null>(null);
  const anchor = useCallback(() => open?.getBoundingClientRect() ?? new DOMRect(), [open]);
  const close = useCallback(() => setOpen(null), []);
  const keyed = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = SEED_CONTROLS[SEED_CONTROLS.indexOf(control) + step];
    if (step === 0 || next === undefined) return;
    event.preventDefault();
    column.setControl(widget, next);
  };
  return (
    <>
      <button
        type="button"
        className="control"
        data-control={control}
        aria-haspopup="menu"
        aria-expanded={open !== null}
        aria-label={t("widgets.after_queueing", { name: widget.label, control: t(TITLES[control]) })}
        title={t("widgets.after_queueing_help")}
        onClick={(event) => setOpen(open ? null : event.currentTarget)}
        onKeyDown={keyed}
      >
        {t(TITLES[control])}
      </button>
      {open ? (
        <Menu
          label={t("widgets.after_queueing_help")}
          anchor={anchor}
          owner={open}
          close={close}
          entries={SEED_CONTROLS.map((one) => ({
            title: t(TITLES[one]),
            checked: one === control,
            run: () => column.setControl(widget, one),
          }))}
        />
      ) : null}
    </>
  );
}

/** The seed of the last run, where it is not the one that stands there now. */
function UsedSeed({ widget }: { readonly widget: RowProps["widget"] }) {
  const column = useColumn();
  const types = useCatalogue((state) => state.types);
  const used = useRuns((state) => usedValue(state, column, widget.name, types));
  const amount = used === undefined ? null : readAmount(used, widget.spec);
  if (amount === null || amount === readAmount(widget.value, widget.spec)) return <span className="used" />;
  const title = column.t("widgets.used_seed_help", { seed: String(amount) });
  const keep = (): void => {
    column.set(widget, writeAmount(amount));
    column.setControl(widget, "fixed");
  };
  return (
    <button type="button" className="used" title={title} aria-label={title} onClick={keep}>
      {column.t("widgets.used_seed", { seed: String(amount) })}
    </button>
  );
}
