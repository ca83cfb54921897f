import { useCallback, useMemo } from "react";
import { defaultOf, type Widget } from "../document/widgets";
import { type Column, useColumn } from "./column";
import { Menu, type MenuEntry } from "./Menu";
import { refreshChoices } from "./refreshing";
import { plainText } from "./row_parts";
import { isShownOutside, showOutside } from "./outside";
import { copyValue, resetValue } from "./value_acts";

interface Props {
  readonly widget: Widget;
  readonly row: HTMLElement;
  readonly x: number;
  readonly y: number;
  readonly close: () => void;
}

/** What can be done with a widget, and what its node's type says about it. */
export function WidgetMenu({ widget, row, x, y, close }: Props) {
  const column = useColumn();
  const anchor = useCallback(() => ({ left: x, top: y, bottom: y, width: 0 }), [x, y]);
  const entries = useMemo(() => entriesOf(column, widget, row, x, y), [column, widget, row, x, y]);
  return (
    <Menu label={widget.label} entries={entries} anchor={anchor} owner={row} close={close}>
      <p className="widget-help">
        <strong>{widget.label}</strong>
        {widget.spec.tooltip}
        {rangeOf(column, widget)}
      </p>
    </Menu>
  );
}

function entriesOf(column: Column, widget: Widget, row: HTMLElement, x: number, y: number): MenuEntry[] {
  const { t } = column;
  const usual = defaultOf(widget.spec);
  const entries: MenuEntry[] = [
    { title: t("widgets.copy"), keys: t("widgets.copy_keys"), run: () => void copyValue(column, widget) },
  ];
  if (!widget.readOnly && !widget.linked && usual !== widget.value) {
    const title = t("widgets.reset", { value: shortened(plainText(usual)) });
    entries.push({ title, keys: t("widgets.reset_keys"), run: () => resetValue(column, widget) });
  }
  if (widget.spec.type === "COMBO")
    entries.push({ title: t("widgets.refresh"), run: () => void refreshChoices(column.studio) });
  const outside = isShownOutside(column, widget);
  if (outside !== null) {
    const title = t(outside ? "widgets.hide_outside" : "widgets.show_outside");
    entries.push({ title, run: () => showOutside(column, widget, !outside) });
  }
  const title = row.closest(".react-flow__node")?.querySelector(".node-title");
  if (title) entries.push({ title: t("widgets.node_menu"), run: () => askForMenu(title, x, y) });
  return entries;
}

/** The node's own menu, as if its title had been asked for it. */
function askForMenu(title: Element, x: number, y: number): void {
  title.dispatchEvent(
    new MouseEvent("contextmenu", { bubbles: true, cancelable: true, clientX: x, clientY: y, button: 2 }),
  );
}

function rangeOf({ t }: Column, { spec }: Widget): string {
  if (spec.min === undefined || spec.max === undefined || (spec.type !== "INT" && spec.type !== "FLOAT")) return "";
  return ` ${t("widgets.range", { min: spec.min, max: spec.max })}`;
}

function shortened(text: string): string {
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}
