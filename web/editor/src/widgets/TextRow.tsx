import type { RefObject } from "react";
import { type RowProps, useColumn } from "./column";
import { Name, rowAttributes } from "./row_parts";
import { useTextField } from "./text_field";

/** A text of one line. */
export function TextRow(props: RowProps) {
  const column = useColumn();
  const { field, attributes } = useTextField(props);
  const { "aria-label": label, ...row } = rowAttributes(column, props, "text");
  const { placeholder } = props.widget.spec.options;
  return (
    <label {...row}>
      <Name>{label}</Name>
      <input
        {...attributes}
        ref={field as RefObject<HTMLInputElement | null>}
        className="widget-entry"
        aria-label={label}
        aria-describedby={row["aria-describedby"]}
        placeholder={typeof placeholder === "string" ? placeholder : undefined}
        autoComplete="off"
        spellCheck={false}
      />
    </label>
  );
}
