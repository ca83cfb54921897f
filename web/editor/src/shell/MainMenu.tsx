import { useId } from "react";
import { ACTIONS } from "../actions/all";
import { useText } from "../i18n/use_text";
import { useStudio } from "../state/studio";
import { GROUPS, groupOf } from "./groups";
import { Icon } from "./Icon";
import { Keys } from "./Keys";

const SHOWN: ReadonlySet<string> = new Set(["workflows", "grid", "shell"]);

/** The menu at the top left: what concerns workflows and the editor. The rest is on the canvas and in the command list. */
export function MainMenu() {
  const t = useText();
  const studio = useStudio();
  const id = useId();
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label={t("shell.menu")}
        title={t("shell.menu")}
        popoverTarget={id}
      >
        <Icon name="menu" />
      </button>
      <div id={id} popover="auto" className="menu" role="menu" aria-label={t("shell.menu")} onKeyDown={walk}>
        {GROUPS.filter((group) => SHOWN.has(group.prefix)).map((group) => (
          <div key={group.prefix} role="group" aria-label={t(group.title)}>
            {ACTIONS.filter((action) => groupOf(action) === group).map((action) => (
              <button
                key={action.id}
                type="button"
                role="menuitem"
                popoverTarget={id}
                popoverTargetAction="hide"
                onClick={() => {
                  if (action.when?.(studio) ?? true) void action.run(studio);
                }}
              >
                <span>{t(action.title)}</span>
                {action.keys?.[0] ? <Keys combination={action.keys[0]} /> : null}
              </button>
            ))}
          </div>
        ))}
      </div>
    </>
  );
}

/** Up and down go from item to item. */
function walk(event: React.KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role=menuitem]")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
}
