import { type CSSProperties, type FocusEvent, type KeyboardEvent, type PointerEvent, useEffect, useState } from "react";
import { type RowProps, useColumn } from "./column";
import { follow, fractionAt, repeat } from "./dragging";
import { readTyped } from "./expression";
import { NumberField } from "./NumberField";
import { afterKey, beginsTyping, pace } from "./number_keys";
import { type Amount, amountAt, fractionOf, moved, readAmount, settled, shown, writeAmount } from "./numbers";
import { Name, plainText, rowAttributes } from "./row_parts";

const ARROW_WIDTH = 16; // of the arrows at both ends, in canvas units
const PIXELS_A_STEP = 6;
const SLIDERS: ReadonlySet<string> = new Set(["slider", "knob"]);

/** Nothing, the wheel is listened to, or a number is typed (and with what it begins). */
type Mode = { readonly focused: HTMLElement } | { readonly typed: string | null } | null;

/** A number: drag sideways, arrows at its ends, keys, the wheel while it has the focus, click to type; or a slider. */
export function NumberRow(props: RowProps) {
  const column = useColumn();
  const { spec, value } = props.widget;
  const [mode, setMode] = useState<Mode>(null);
  const amount = readAmount(value, spec);
  const slides = SLIDERS.has(spec.display ?? "") && spec.min !== undefined && spec.max !== undefined;
  const set = (next: Amount, merging: boolean): void => column.set(props.widget, writeAmount(next), merging);

  const pressed = (event: PointerEvent<HTMLDivElement>): void => {
    if (event.button !== 0 || event.altKey || isTyping(mode)) return;
    const row = event.currentTarget;
    const from = amount ?? settled(0, spec);
    const side = slides ? 0 : arrowAt(row, event);
    if (side !== 0) {
      let now = from;
      const step = (): void => set((now = moved(now, side * pace(event), spec)), true);
      repeat(row, event.nativeEvent, step, column.seal);
      return;
    }
    if (slides) set(amountAt(fractionAt(row, event), spec), true);
    follow(row, event.nativeEvent, {
      moved: slides ? alongSlider(row, spec, set) : sideways(from, spec, set),
      clicked: slides ? column.seal : () => setMode({ typed: null }),
      dropped: column.seal,
    });
  };

  const keyed = (event: KeyboardEvent): void => {
    if (isTyping(mode)) return;
    const next = afterKey(amount ?? settled(0, spec), event, spec);
    if (next !== null) set(next, true);
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) setMode({ typed: null });
    else if (beginsTyping(event)) setMode({ typed: event.key });
    else return;
    event.preventDefault();
  };

  const attributes = rowAttributes(column, props, slides ? "number widget-slider" : "number");
  const text = amount === null ? plainText(value) : shown(amount, spec);
  const typing = isTyping(mode);
  const focused = mode !== null && "focused" in mode ? mode.focused : null;
  return (
    <>
      <div
        {...attributes}
        style={slides ? ({ ...attributes.style, "--filled": fractionOf(amount ?? 0, spec) } as CSSProperties) : attributes.style}
        className={focused ? `${attributes.className} nowheel` : attributes.className}
        role="spinbutton"
        tabIndex={typing ? -1 : 0}
        aria-valuenow={amount === null ? undefined : Number(amount)}
        aria-valuetext={text}
        aria-valuemin={spec.min}
        aria-valuemax={spec.max}
        aria-invalid={attributes["aria-invalid"] ?? (amount === null || undefined)}
        onPointerDown={pressed}
        onDoubleClick={slides ? () => setMode({ typed: null }) : undefined}
        onKeyDown={keyed}
        onFocus={(event: FocusEvent<HTMLDivElement>) => {
          if (!typing && event.target === event.currentTarget) setMode({ focused: event.currentTarget });
        }}
        onBlur={() => {
          if (!typing) setMode(null);
          column.seal();
        }}
      >
        <Name>{attributes["aria-label"]}</Name>
        {typing ? (
          <NumberField
            label={attributes["aria-label"]}
            text={mode.typed ?? text}
            typed={mode.typed !== null}
            read={(typed) => readTyped(typed, amount ?? 0, spec)}
            done={(found, row) => {
              setMode(row && { focused: row });
              if (found !== null) set(settled(found, spec), false);
            }}
          />
        ) : (
          <span className="widget-value">{text}</span>
        )}
      </div>
      {focused ? <WheelSteps row={focused} turn={(steps) => set(moved(amount ?? 0, steps, spec), true)} /> : null}
    </>
  );
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

function isTyping(mode: Mode): mode is { typed: string | null } {
  return mode !== null && "typed" in mode;
}

/** -1 on the left arrow, 1 on the right one, 0 between them. */
function arrowAt(row: HTMLElement, event: { readonly clientX: number }): -1 | 0 | 1 {
  const place = fractionAt(row, event) * row.offsetWidth;
  return place < ARROW_WIDTH ? -1 : place > row.offsetWidth - ARROW_WIDTH ? 1 : 0;
}

type SetAmount = (next: Amount, merging: boolean) => void;

function sideways(from: Amount, spec: RowProps["widget"]["spec"], set: SetAmount) {
  let steps = 0;
  return (dx: number, event: globalThis.PointerEvent): void => {
    steps += (dx / PIXELS_A_STEP) * pace(event);
    const counted = event.shiftKey && spec.type !== "INT" ? Math.round(steps * 10) / 10 : Math.trunc(steps);
    set(moved(from, counted, spec), true);
  };
}

function alongSlider(row: HTMLElement, spec: RowProps["widget"]["spec"], set: SetAmount) {
  return (_dx: number, event: globalThis.PointerEvent): void => set(amountAt(fractionAt(row, event), spec), true);
}
