import { colorOf, readColor, writeColor } from "./colors";
import { type RowProps, useColumn } from "./column";
import { Name, plainText, rowAttributes } from "./row_parts";

/** A colour: the browser's own picker, and its hexadecimal number to type. */
export function ColorRow(props: RowProps) {
  const column = useColumn();
  const { widget } = props;
  const attributes = rowAttributes(column, props, "color");
  const label = attributes["aria-label"];
  const color = colorOf(widget.value);
  const set = (next: string, merging: boolean): void => column.set(widget, writeColor(next, widget.spec.type), merging);
  return (
    <div {...attributes} role="group">
      <Name>{label}</Name>
      <input
        key={plainText(widget.value)}
        className="widget-entry"
        aria-label={column.t("widgets.color_number", { name: label })}
        aria-invalid={color === null || undefined}
        defaultValue={color ?? plainText(widget.value)}
        spellCheck={false}
        onBlur={(event) => {
          const typed = readColor(event.target.value);
          if (typed !== null && typed !== color) set(typed, false);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
        }}
      />
      <input
        type="color"
        className="widget-swatch"
        aria-label={label}
        value={color ?? "#000000"}
        onChange={(event) => set(event.target.value, true)}
        onBlur={column.seal}
      />
    </div>
  );
}
