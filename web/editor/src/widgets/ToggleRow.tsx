import { type RowProps, useColumn } from "./column";
import { Name, rowAttributes } from "./row_parts";

/** On or off, with the words that the node's type has for them. */
export function ToggleRow(props: RowProps) {
  const column = useColumn();
  const { value, spec } = props.widget;
  const on = value === true || value === "true";
  const words = spec.options[on ? "label_on" : "label_off"];
  const text = typeof words === "string" ? words : column.t(on ? "widgets.on" : "widgets.off");
  const attributes = rowAttributes(column, props, "toggle");
  const flip = (): void => column.set(props.widget, !on);
  return (
    <div
      {...attributes}
      role="switch"
      tabIndex={0}
      aria-checked={on}
      onClick={(event) => {
        if (!event.altKey) flip();
      }}
      onKeyDown={(event) => {
        if ((event.key !== "Enter" && event.key !== " ") || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        flip();
      }}
    >
      <Name>{attributes["aria-label"]}</Name>
      <span className="widget-value">{text}</span>
    </div>
  );
}
