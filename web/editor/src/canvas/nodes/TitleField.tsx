import { type KeyboardEvent, useEffect, useRef } from "react";

interface Props {
  readonly label: string;
  readonly value: string;
  /** Told what was written, and the former value when it was given up. */
  readonly done: (value: string) => void;
}

/** A title that is being written: Enter and leaving it keep it, Escape does not. */
export function TitleField({ label, value, done }: Props) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  const pressed = (event: KeyboardEvent<HTMLInputElement>): void => {
    event.stopPropagation();
    if (event.key === "Enter") done(event.currentTarget.value.trim());
    if (event.key === "Escape") done(value);
  };
  return (
    <input
      ref={field}
      className="title-field nodrag"
      aria-label={label}
      defaultValue={value}
      autoFocus
      onKeyDown={pressed}
      onBlur={(event) => done(event.currentTarget.value.trim())}
    />
  );
}
