import { useId } from "react";
import { useStore } from "zustand";
import type { MessageKey } from "../i18n/messages";
import { useText } from "../i18n/use_text";
import type { MaskSession } from "./session";
import { inRange, RANGES, type Range } from "./settings";

interface Given {
  readonly session: MaskSession;
  readonly name: Range;
  /** A message with the place `{value}`. */
  readonly unit: MessageKey;
  /** Small values have as much room on it as large ones. */
  readonly isLong?: boolean;
}

const STEPS = 200; // of a long slider

/** A number to slide and to type. */
export function Slider({ session, name, unit, isLong = false }: Given) {
  const t = useText();
  const id = useId();
  const value = useStore(session.store, (state) => state[name]);
  const [least, most] = RANGES[name];
  const put = (wanted: number): void => session.set({ [name]: inRange(name, Math.round(wanted)) });
  const ratio = most / Math.max(1, least);
  const place = isLong ? (STEPS * Math.log(value / least)) / Math.log(ratio) : value;
  return (
    <div className="mask-slider">
      <label htmlFor={id}>{t(`masks.${name}`)}</label>
      <input
        id={id}
        type="range"
        min={isLong ? 0 : least}
        max={isLong ? STEPS : most}
        value={place}
        aria-valuetext={t(unit, { value })}
        onChange={({ target }) =>
          put(isLong ? further(value, place, least * ratio ** (Number(target.value) / STEPS)) : Number(target.value))
        }
      />
      <input
        type="number"
        min={least}
        max={most}
        value={value}
        aria-label={t("masks.number_of", { name: t(`masks.${name}`) })}
        onChange={({ target }) => target.value !== "" && put(Number(target.value))}
      />
    </div>
  );
}

/** A step of a long slider moves small values by one at least. */
function further(before: number, place: number, wanted: number): number {
  if (Math.round(wanted) !== before) return wanted;
  return wanted > before ? before + 1 : wanted < before && place > 0 ? before - 1 : before;
}
