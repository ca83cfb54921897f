import { type KeyboardEvent, type ReactNode, useEffect, useRef } from "react";
import { type Anchor, Popover } from "./Popover";

export interface MenuEntry {
  readonly title: string;
  /** Of choices among which one is made: whether it is this one. */
  readonly checked?: boolean;
  readonly keys?: string;
  readonly run: () => void;
}

interface Props {
  readonly label: string;
  readonly entries: readonly MenuEntry[];
  readonly anchor: () => Anchor;
  readonly owner?: HTMLElement | null;
  readonly close: () => void;
  readonly children?: ReactNode;
}

/** A small menu beside what it belongs to. */
export function Menu({ label, entries, anchor, owner, close, children }: Props) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const items = list.current?.querySelectorAll<HTMLElement>("button");
    const checked = entries.findIndex((entry) => entry.checked);
    items?.[Math.max(0, checked)]?.focus();
  }, []); // once: the focus is put there when the menu opens
  const keyed = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (event.key === "Tab") close();
    if (step === 0) return;
    event.preventDefault();
    const items = [...(list.current?.querySelectorAll<HTMLElement>("button") ?? [])];
    const at = items.findIndex((item) => item === document.activeElement);
    items[(at + step + items.length) % items.length]?.focus();
  };
  return (
    <Popover anchor={anchor} owner={owner} close={close} className="widget-menu">
      {children}
      <div ref={list} role="menu" aria-label={label} onKeyDown={keyed}>
        {entries.map((entry) => (
          <button
            key={entry.title}
            type="button"
            role={entry.checked === undefined ? "menuitem" : "menuitemradio"}
            aria-checked={entry.checked}
            onClick={() => {
              close();
              owner?.focus();
              entry.run();
            }}
          >
            <span>{entry.title}</span>
            {entry.keys ? <kbd>{entry.keys}</kbd> : null}
          </button>
        ))}
      </div>
    </Popover>
  );
}
