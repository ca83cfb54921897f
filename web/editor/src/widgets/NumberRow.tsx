import { type CSSProperties, type HTMLAttributes, type KeyboardEvent, useEffect, useState } from "react";
import type { InputSpec } from "../document/schema";
import { type RowProps, useColumn } from "./column";
import { readTyped } from "./expression";
import { NumberField } from "./NumberField";
import { afterKey, beginsTyping } from "./number_keys";
import { isSlider, press } from "./number_press";
import { type Amount, fractionOf, moved, readAmount, settled, shown, writeAmount } from "./numbers";
import { Name, plainText, rowAttributes } from "./row_parts";

/** Nothing, the wheel is listened to, or a number is typed (and with what it begins). */
type Mode = { readonly focused: HTMLElement } | { readonly typed: string | null } | null;

/** A number: drag sideways, arrows at its ends, keys, the wheel while it has the focus, click to type; or a slider. */
export function NumberRow(props: RowProps) {
  const column = useColumn();
  const { spec, value } = props.widget;
  const [mode, setMode] = useState<Mode>(null);
  const read = readAmount(value, spec);
  const amount = read ?? settled(0, spec);
  const text = read === null ? plainText(value) : shown(read, spec);
  const set = (next: Amount): void => column.set(props.widget, writeAmount(next), true);
  const type = (typed: string | null = null): void => setMode({ typed });
  const attributes = rowAttributes(column, props, isSlider(spec) ? "number widget-slider" : "number");
  const typing = mode !== null && "typed" in mode ? mode : null;
  const focused = mode !== null && "focused" in mode ? mode.focused : null;

  const keyed = (event: KeyboardEvent): void => {
    const next = afterKey(amount, event, spec);
    if (next !== null) set(next);
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) type();
    else if (beginsTyping(event)) type(event.key);
    else return;
    event.preventDefault();
  };
  const listeners: HTMLAttributes<HTMLDivElement> = typing
    ? { onBlur: column.seal }
    : {
        onPointerDown({ nativeEvent, currentTarget }) {
          if (nativeEvent.button !== 0 || nativeEvent.altKey) return;
          press(currentTarget, nativeEvent, { amount, spec, set, seal: column.seal, type: () => type() });
        },
        onDoubleClick: isSlider(spec) ? () => type() : undefined,
        onKeyDown: keyed,
        onFocus: (event) => setMode({ focused: event.currentTarget }),
        onBlur() {
          setMode(null);
          column.seal();
        },
      };
  return (
    <>
      <div
        {...attributes}
        {...listeners}
        {...spoken(spec, read, text)}
        style={{ ...attributes.style, ...filled(spec, amount) }}
        className={focused ? `${attributes.className} nowheel` : attributes.className}
        tabIndex={typing ? -1 : 0}
        aria-invalid={attributes["aria-invalid"] ?? (read === null || undefined)}
      >
        <Name>{attributes["aria-label"]}</Name>
        {typing ? (
          <NumberField
            label={attributes["aria-label"]}
            text={typing.typed ?? text}
            typed={typing.typed !== null}
            read={(typed) => readTyped(typed, amount, spec)}
            done={(found, row) => {
              setMode(row && { focused: row });
              if (found !== null) column.set(props.widget, writeAmount(settled(found, spec)));
            }}
          />
        ) : (
          <span className="widget-value">{text}</span>
        )}
      </div>
      {focused ? <WheelSteps row={focused} turn={(steps) => set(moved(amount, steps, spec))} /> : null}
    </>
  );
}

/** What those hear who cannot see it. */
function spoken(spec: InputSpec, amount: Amount | null, text: string): HTMLAttributes<HTMLDivElement> {
  return {
    role: "spinbutton",
    "aria-valuenow": amount === null ? undefined : Number(amount),
    "aria-valuetext": text,
    "aria-valuemin": spec.min,
    "aria-valuemax": spec.max,
  };
}

function filled(spec: InputSpec, amount: Amount): CSSProperties {
  return isSlider(spec) ? ({ "--filled": fractionOf(amount, spec) } as CSSProperties) : {};
}

/** Listens to the wheel over a control that has the focus; React's own listeners cannot keep the canvas from zooming. */
function WheelSteps({ row, turn }: { readonly row: HTMLElement; readonly turn: (steps: number) => void }) {
  useEffect(() => {
    const turned = (event: WheelEvent): void => {
      if (event.ctrlKey) return; // zooms
      event.preventDefault();
      event.stopPropagation();
      if (event.deltaY !== 0) turn(-Math.sign(event.deltaY) * (event.shiftKey ? 10 : 1));
    };
    row.addEventListener("wheel", turned, { passive: false });
    return () => row.removeEventListener("wheel", turned);
  }, [row, turn]);
  return null;
}
