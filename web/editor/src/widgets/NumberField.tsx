import { useRef, useState } from "react";
import type { Amount } from "./numbers";

interface Props {
  readonly label: string;
  readonly text: string;
  /** The text was typed just now: the caret goes behind it instead of selecting it. */
  readonly typed: boolean;
  readonly read: (text: string) => Amount | null;
  /** With null nothing is to be changed. `row`: the control that has the focus again; null when it went elsewhere. */
  readonly done: (amount: Amount | null, row: HTMLElement | null) => void;
}

/** Where a number is typed: Enter and leaving keep it, Escape does not. What is no number is not kept either. */
export function NumberField({ label, text, typed, read, done }: Props) {
  const [value, setValue] = useState(text);
  const ended = useRef(false);
  const end = (amount: Amount | null, field: HTMLElement): void => {
    if (ended.current) return;
    ended.current = true;
    const row = document.activeElement === field ? field.closest<HTMLElement>("[data-widget]") : null;
    row?.focus();
    done(amount, row);
  };
  return (
    <input
      className="widget-field"
      aria-label={label}
      aria-invalid={(value !== "" && read(value) === null) || undefined}
      inputMode="decimal"
      autoComplete="off"
      spellCheck={false}
      autoFocus
      value={value}
      onFocus={(event) => {
        if (!typed) event.currentTarget.select();
      }}
      onChange={(event) => setValue(event.target.value)}
      onBlur={(event) => end(value === text && !typed ? null : read(value), event.currentTarget)}
      onKeyDown={(event) => {
        if (event.key === "Escape") end(null, event.currentTarget);
        else if (event.key === "Enter") end(value === text && !typed ? null : read(value), event.currentTarget);
        else return;
        if (!event.ctrlKey && !event.metaKey) event.preventDefault(); // Ctrl+Enter queues what was typed
      }}
    />
  );
}
