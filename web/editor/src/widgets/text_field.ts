/** What single lines and text areas have in common: typing goes into the document at once, in few steps of undoing. */

import { type RefObject, useLayoutEffect, useRef, useState } from "react";
import { type RowProps, useColumn } from "./column";
import { plainText } from "./row_parts";
import { withWeight } from "./weights";

type Field = HTMLInputElement | HTMLTextAreaElement;

/** A pause after which typing is a step of undoing of its own, in milliseconds. */
const PAUSE = 1000;
/** Changes that are a step of their own. */
const WHOLE_STEPS: ReadonlySet<string> = new Set([
  "insertFromPaste",
  "insertFromDrop",
  "deleteByCut",
  "insertLineBreak",
]);

export interface TextField {
  readonly field: RefObject<Field | null>;
  readonly text: string;
  readonly focused: boolean;
  /** Put another text in, with the caret or the selection there. */
  readonly replace: (text: string, start: number, end: number) => void;
  readonly attributes: {
    readonly value: string;
    readonly onChange: (event: { readonly target: Field; readonly nativeEvent: Event }) => void;
    readonly onFocus: () => void;
    readonly onBlur: () => void;
    readonly onKeyDown: (event: React.KeyboardEvent<Field>) => void;
  };
}

/**
 * A field's text and what happens to it. While it has the focus the field leads and the document follows, because the
 * document's answer comes a moment later and would move the caret; undoing in the field undoes in the document.
 */
export function useTextField({ widget }: RowProps): TextField {
  const column = useColumn();
  const field = useRef<Field>(null);
  const [draft, setDraft] = useState<string | null>(null);
  const [focused, setFocused] = useState(false);
  const [selection, setSelection] = useState<{ readonly start: number; readonly end: number } | null>(null);
  const last = useRef({ at: 0, kind: "" });
  useLayoutEffect(() => {
    if (selection) field.current?.setSelectionRange(selection.start, selection.end);
  }, [selection]);

  const write = (text: string, kind: string, at: number): void => {
    if (kind !== last.current.kind || at - last.current.at > PAUSE || WHOLE_STEPS.has(kind)) column.seal();
    last.current = { at, kind };
    setDraft(text);
    column.set(widget, text, true);
  };
  const replace = (text: string, start: number, end: number): void => {
    write(text, "replace", performance.now());
    setSelection({ start, end });
  };
  const changed = ({ target, nativeEvent }: { readonly target: Field; readonly nativeEvent: Event }): void => {
    const { inputType = "" } = nativeEvent as InputEvent;
    write(target.value, WHOLE_STEPS.has(inputType) ? inputType : "typing", nativeEvent.timeStamp);
  };
  const keyed = (event: React.KeyboardEvent<Field>): void => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const { documents } = column.studio;
    const key = event.key.toLowerCase();
    if (key === "z" || key === "y") {
      setDraft(null);
      if (key === "y" || event.shiftKey) documents.redo();
      else documents.undo();
    } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const { value: text, selectionStart, selectionEnd } = event.currentTarget;
      const before = { text, start: selectionStart ?? 0, end: selectionEnd ?? 0 };
      const after = withWeight(before, event.key === "ArrowUp" ? 1 : -1);
      if (after === before) return;
      replace(after.text, after.start, after.end);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const text = draft ?? plainText(widget.value);
  return {
    field,
    text,
    focused,
    replace,
    attributes: {
      value: text,
      onChange: changed,
      onKeyDown: keyed,
      onFocus: () => setFocused(true),
      onBlur: () => {
        setFocused(false);
        setDraft(null);
        column.seal();
      },
    },
  };
}
