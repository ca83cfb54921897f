import { type KeyboardEvent, type RefObject, useState } from "react";
import { type RowProps, useColumn } from "./column";
import { EmbeddingList } from "./EmbeddingList";
import { type Completion, completionAt } from "./completion";
import { rowAttributes } from "./row_parts";
import { useTextField } from "./text_field";

/** A text of many lines, as a prompt: weights by Ctrl+Up and Ctrl+Down, names of embeddings offered while typing. */
export function TextArea({ autoFocus = false, ...props }: RowProps & { readonly autoFocus?: boolean }) {
  const column = useColumn();
  const { field, text, focused, replace, attributes } = useTextField(props);
  const [completion, setCompletion] = useState<Completion | null>(null);
  const area = field as RefObject<HTMLTextAreaElement | null>;
  const { className, ...row } = rowAttributes(column, props, "area");
  const { placeholder } = props.widget.spec.options;
  const look = (element: HTMLTextAreaElement): void =>
    setCompletion(completionAt(element.value, element.selectionStart, element.selectionEnd));
  const complete = (name: string): void => {
    if (!completion) return;
    const end = completion.start + name.length;
    replace(text.slice(0, completion.start) + name + text.slice(completion.end), end, end);
    setCompletion(null);
    area.current?.focus();
  };
  return (
    <>
      <textarea
        {...row}
        {...attributes}
        ref={area}
        autoFocus={autoFocus}
        className={focused ? `${className} nowheel` : className}
        placeholder={typeof placeholder === "string" ? placeholder : row["aria-label"]}
        spellCheck={focused}
        onChange={(event) => {
          attributes.onChange(event);
          look(event.target);
        }}
        onKeyDown={(event: KeyboardEvent<HTMLTextAreaElement>) => {
          if (!event.defaultPrevented) attributes.onKeyDown(event);
        }}
        onBlur={() => {
          attributes.onBlur();
          setCompletion(null);
        }}
      />
      {completion && area.current ? (
        <EmbeddingList
          area={area.current}
          completion={completion}
          complete={complete}
          close={() => setCompletion(null)}
        />
      ) : null}
    </>
  );
}
