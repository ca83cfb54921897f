import { type ReactNode, useId } from "react";

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly name: string;
  /** The key that chooses it. */
  readonly keys: string;
  readonly icon?: ReactNode;
}

interface Given<Value extends string> {
  readonly title: string;
  readonly choices: readonly Choice<Value>[];
  readonly chosen: Value;
  readonly choose: (value: Value) => void;
}

/** One of a few, side by side; arrow keys go from one to the next. */
export function Choices<Value extends string>({ title, choices, chosen, choose }: Given<Value>) {
  const group = useId();
  return (
    <div className="mask-choices" role="radiogroup" aria-label={title}>
      {choices.map(({ value, name, keys, icon }) => (
        <label key={value} title={`${name} (${keys})`}>
          <input
            type="radio"
            className="visually-hidden"
            name={group}
            checked={value === chosen}
            aria-keyshortcuts={keys}
            onChange={() => choose(value)}
          />
          {icon}
          <span>{name}</span>
        </label>
      ))}
    </div>
  );
}
