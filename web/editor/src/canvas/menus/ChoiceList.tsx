import { useState } from "react";
import type { SlotType } from "../../document/workflow";
import { typeColour } from "../links/colours";

export interface Choice {
  readonly name: string;
  /** Of the link that it is about; gives its colour. */
  readonly type: SlotType;
  readonly choose: () => void;
}

interface Props {
  readonly choices: readonly Choice[];
  readonly nothing: string;
  readonly label: string;
}

/** Narrowed by typing, chosen by arrows and Enter. */
export function ChoiceList({ choices, nothing, label }: Props) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const found = choices.filter(({ name }) => name.toLowerCase().includes(typed.toLowerCase()));
  const place = Math.min(at, found.length - 1);
  return (
    <>
      <input
        autoFocus
        role="combobox"
        aria-label={label}
        aria-expanded="true"
        aria-controls="link-choices"
        aria-activedescendant={found.length > 0 ? `link-choice-${place}` : undefined}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step !== undefined) setAt(Math.max(0, Math.min(found.length - 1, place + step)));
          else if (event.key === "Enter") found[place]?.choose();
          else return;
          event.preventDefault();
        }}
      />
      <div id="link-choices" role="listbox" aria-label={label}>
        {found.map((choice, number) => (
          <div
            key={number}
            id={`link-choice-${number}`}
            ref={number === place ? keepInSight : undefined}
            role="option"
            aria-selected={number === place}
            onClick={choice.choose}
          >
            <span className="type-dot" style={{ background: typeColour(choice.type) }} />
            {choice.name}
          </div>
        ))}
      </div>
      {found.length === 0 ? <p className="hint">{nothing}</p> : null}
    </>
  );
}

function keepInSight(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
