import { useState } from "react";
import type { Action } from "../actions/action";
import { ACTIONS } from "../actions/all";
import { useText } from "../i18n/use_text";
import { useStudio } from "../state/studio";
import type { DialogProps } from "./dialog_props";
import { groupOf } from "./groups";
import { Keys } from "./Keys";

/** Every command, to be found by typing a part of its name. */
export function CommandList({ close }: DialogProps) {
  const t = useText();
  const studio = useStudio();
  const [sought, setSought] = useState("");
  const [place, setPlace] = useState(0);
  const nameOf = (action: Action): string => `${t(groupOf(action)?.title ?? "shell.groupShell")}: ${t(action.title)}`;
  const found = ACTIONS.filter((action) => action.id !== "shell.commands" && fits(nameOf(action), sought));
  const chosen = found[Math.min(place, found.length - 1)];

  const run = (action: Action): void => {
    close();
    if (action.when?.(studio) ?? true) void action.run(studio);
  };
  const pressed = (event: React.KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setPlace((found.length + Math.min(place, found.length - 1) + step) % found.length);
    } else if (event.key === "Enter" && chosen) {
      event.preventDefault();
      run(chosen);
    }
  };
  return (
    <section className="command-list" aria-label={t("shell.findCommand")}>
      <input
        data-focus
        role="combobox"
        aria-label={t("shell.findCommand")}
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant={chosen && `command-${chosen.id}`}
        placeholder={t("shell.findCommand")}
        value={sought}
        onChange={(event) => {
          setSought(event.target.value);
          setPlace(0);
        }}
        onKeyDown={pressed}
      />
      <div id="commands" role="listbox" aria-label={t("shell.findCommand")} tabIndex={-1}>
        {found.map((action) => (
          <div
            key={action.id}
            id={`command-${action.id}`}
            role="option"
            aria-selected={action === chosen}
            aria-disabled={!(action.when?.(studio) ?? true)}
            ref={action === chosen ? scrollIntoView : undefined}
            onClick={() => run(action)}
          >
            <span>{nameOf(action)}</span>
            {(action.keys ?? action.nativeKeys)?.[0] ? (
              <Keys combination={(action.keys ?? action.nativeKeys)?.[0] ?? ""} />
            ) : null}
          </div>
        ))}
      </div>
      {found.length === 0 ? <p>{t("shell.noCommand", { text: sought })}</p> : null}
    </section>
  );
}

function fits(name: string, sought: string): boolean {
  const text = name.toLowerCase();
  return sought
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function scrollIntoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}
