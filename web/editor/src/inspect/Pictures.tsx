import { useState } from "react";
import type { MessageKey } from "../i18n/messages";
import { useText } from "../i18n/use_text";
import { useStudio } from "../state/studio";
import { type OutputPlace, pictureAddress, type Side } from "./values";

const SIDES: readonly (readonly [Side, MessageKey])[] = [
  ["current", "inspect.now"],
  ["previous", "inspect.before"],
  ["difference", "inspect.difference"],
];

interface Pictured {
  readonly place: OutputPlace;
  readonly item: number;
  /** How many pictures the value has. */
  readonly count: number;
  /** There is a value of an earlier run to compare with, of the same shape. */
  readonly comparable: boolean;
}

/** A value as pictures: one of a batch at a time; now, before, or what differs. */
export function Pictures({ place, item, count, comparable }: Pictured) {
  const t = useText();
  const { server } = useStudio();
  const [batch, setBatch] = useState(0);
  const [side, setSide] = useState<Side>("current");
  const shown = comparable ? side : "current";
  return (
    <div className="inspect-pictures">
      {comparable ? (
        <div role="radiogroup" aria-label={t("inspect.compare")} className="segments">
          {SIDES.map(([value, title]) => (
            <button
              key={value}
              type="button"
              role="radio"
              aria-checked={shown === value}
              onClick={() => setSide(value)}
            >
              {t(title)}
            </button>
          ))}
        </div>
      ) : null}
      <img
        src={pictureAddress(server, place, item, batch, shown)}
        alt={t("inspect.picture", { number: batch + 1, count })}
      />
      {count > 1 ? (
        <label className="inspect-batch">
          {t("inspect.picture", { number: batch + 1, count })}
          <input
            type="range"
            min={0}
            max={count - 1}
            value={batch}
            onChange={(event) => setBatch(event.target.valueAsNumber)}
          />
        </label>
      ) : null}
    </div>
  );
}
