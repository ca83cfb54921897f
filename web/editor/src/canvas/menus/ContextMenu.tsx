import { type KeyboardEvent, useEffect, useRef } from "react";
import type { Action } from "../../actions/action";
import { useText } from "../../i18n/use_text";
import { Keys } from "../../shell/Keys";
import type { OpenMenu } from "../../state/canvas";
import { useCanvas, useStudio } from "../../state/studio";
import { COLOURING } from "../actions/changing";
import { Popover } from "../overlays/Popover";
import { mapTint } from "../scene/tints";
import { entriesFor } from "./entries";

/** What the Delete key does while a menu is open. */
const DELETING: ReadonlySet<string> = new Set(["canvas.delete", "canvas.deleteLink", "canvas.removeSlot"]);

/** The menu of what was asked about. */
export function ContextMenu() {
  const menu = useCanvas((state) => state.menu);
  return menu ? <OpenedMenu key={`${menu.at.x} ${menu.at.y}`} menu={menu} /> : null;
}

function OpenedMenu({ menu }: { readonly menu: OpenMenu }) {
  const t = useText();
  const studio = useStudio();
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => list.current?.querySelector<HTMLElement>("button")?.focus(), []);
  const close = (): void => {
    studio.canvas.setState({ menu: null });
    studio.canvas.getState().view?.focus(menu.owner ?? null);
  };
  const run = (action: Action): void => {
    const done = action.run(studio); // while the menu still says where
    close();
    void done;
  };
  const remove = (event: KeyboardEvent): void => {
    const entry = groups.flat().find((one) => one !== "colours" && DELETING.has(one.id));
    if (!entry || entry === "colours") return;
    event.preventDefault();
    run(entry);
  };
  const groups = entriesFor(menu.target)
    .map((group) => group.filter((entry) => entry === "colours" || (entry.when?.(studio) ?? true)))
    .filter((group) => group.length > 0);
  return (
    <Popover at={menu.at} label={t("canvas.menu")} close={close} className="context-menu" role="menu">
      <div ref={list} onKeyDown={(event) => (event.key === "Delete" ? remove(event) : walk(event, list.current))}>
        {groups.map((group, place) => (
          <div key={place} className="menu-group" role="group">
            {group.map((entry) =>
              entry === "colours" ? (
                <ColourRow key="colours" run={run} />
              ) : (
                <button key={entry.id} type="button" role="menuitem" data-action={entry.id} onClick={() => run(entry)}>
                  <span>{t(entry.title)}</span>
                  {keysOf(entry) ? <Keys combination={keysOf(entry) ?? ""} /> : null}
                </button>
              ),
            )}
          </div>
        ))}
      </div>
    </Popover>
  );
}

function keysOf(action: Action): string | undefined {
  return (action.keys ?? action.nativeKeys)?.[0];
}

function ColourRow({ run }: { readonly run: (action: Action) => void }) {
  const t = useText();
  return (
    <div className="colour-row" role="group" aria-label={t("canvas.colour")}>
      {COLOURING.map((action) => (
        <button
          key={action.id}
          type="button"
          role="menuitem"
          aria-label={t(action.title)}
          title={t(action.title)}
          data-none={action.colour.title === undefined || undefined}
          style={{ background: mapTint({ color: action.colour.title }) }}
          onClick={() => run(action)}
        />
      ))}
    </div>
  );
}

/** Arrows, Home and End go from entry to entry, as menus do. */
function walk(event: KeyboardEvent, list: HTMLElement | null): void {
  const buttons = [...(list?.querySelectorAll<HTMLElement>("button") ?? [])];
  const at = buttons.indexOf(document.activeElement as HTMLElement);
  const count = buttons.length;
  const to: Readonly<Record<string, number>> = {
    ArrowDown: (at + 1) % count,
    ArrowRight: (at + 1) % count,
    ArrowUp: (at + count - 1) % count,
    ArrowLeft: (at + count - 1) % count,
    Home: 0,
    End: count - 1,
  };
  const next = to[event.key];
  if (next === undefined) return;
  event.preventDefault();
  buttons[next]?.focus();
}
