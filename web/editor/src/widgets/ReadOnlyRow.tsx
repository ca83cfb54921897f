import { type RowProps, useColumn } from "./column";
import { Name, plainText, rowAttributes } from "./row_parts";

/** A value of which nothing is known, or that has no control here: it is shown, and kept as it is. */
export function ReadOnlyRow(props: RowProps) {
  const column = useColumn();
  const attributes = rowAttributes(column, props, "read-only");
  const text = plainText(props.widget.value);
  return (
    <div
      {...attributes}
      role="group"
      aria-disabled="true"
      title={attributes.title ?? column.t("widgets.read_only", { value: text })}
    >
      <Name>{attributes["aria-label"]}</Name>
      <span className="widget-value">{text}</span>
    </div>
  );
}
