import { useEffect, useRef, useState } from "react";
import { type RowProps, useColumn } from "./column";
import { plainText, rowAttributes } from "./row_parts";
import { TextArea } from "./TextArea";

/** A note in Markdown: it is shown as it is meant until it is double-clicked, or Enter is pressed. */
export function MarkdownNote(props: RowProps) {
  const column = useColumn();
  const [editing, setEditing] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const text = plainText(props.widget.value);
  useEffect(() => {
    let isShown = true;
    if (editing) return;
    import("./markdown").then(
      ({ renderMarkdown }) => {
        if (isShown) box.current?.replaceChildren(renderMarkdown(text));
      },
      () => {
        if (isShown) box.current?.replaceChildren(text); // The server is gone: the text itself can be read.
      },
    );
    return () => {
      isShown = false;
    };
  }, [text, editing]);
  if (editing) {
    return (
      <div
        onBlur={() => setEditing(false)}
        onKeyDown={(event) => {
          if (event.key === "Escape") setEditing(false);
        }}
      >
        <TextArea {...props} autoFocus />
      </div>
    );
  }
  const { className, ...attributes } = rowAttributes(column, props, "markdown");
  return (
    <div
      {...attributes}
      ref={box}
      className={className.replace("nodrag ", "")} // notes are moved by taking hold of them anywhere
      role="group"
      tabIndex={0}
      data-empty={column.t("widgets.empty_note")}
      onDoubleClick={(event) => {
        event.stopPropagation();
        setEditing(true);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || event.target !== event.currentTarget || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        setEditing(true);
      }}
    />
  );
}
