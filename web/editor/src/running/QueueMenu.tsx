import { useId } from "react";
import type { Action } from "../actions/action";
import type { MessageKey } from "../i18n/messages";
import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import { Keys } from "../shell/Keys";
import type { AutoQueue } from "../state/runs";
import { useRuns, useStudio, useTab } from "../state/studio";
import { RUNNING_ACTIONS } from "./actions";
import { setNotifications, wantsNotifications } from "./announcing";

const SHOWN: readonly string[] = [
  "running.queueFront",
  "running.queueUntil",
  "running.cancelCurrent",
  "running.cancelAll",
];
const MODES: readonly { readonly mode: AutoQueue; readonly title: MessageKey }[] = [
  { mode: "off", title: "running.autoOff" },
  { mode: "change", title: "running.autoChange" },
  { mode: "endless", title: "running.autoEndless" },
];

/** What else can be done beside the queue's button. */
export function QueueMenu() {
  const t = useText();
  const id = useId();
  return (
    <>
      <button
        type="button"
        className="primary queue-more"
        aria-label={t("running.options")}
        title={t("running.options")}
        popoverTarget={id}
      >
        ▾
      </button>
      <div
        id={id}
        popover="auto"
        className="menu queue-menu"
        role="menu"
        aria-label={t("running.options")}
        onKeyDown={walk}
      >
        <div role="group">
          {RUNNING_ACTIONS.filter((action) => SHOWN.includes(action.id)).map((action) => (
            <ActionItem key={action.id} action={action} menu={id} />
          ))}
        </div>
        <AutoItems menu={id} />
        <NotifyItem menu={id} />
      </div>
    </>
  );
}

function ActionItem({ action, menu }: { readonly action: Action; readonly menu: string }) {
  const t = useText();
  const studio = useStudio();
  useRuns((state) => state.runs); // what can be done changes with it, and with the selection
  useTab((tab) => tab.selection.nodes);
  const can = action.when?.(studio) ?? true;
  return (
    <button
      type="button"
      role="menuitem"
      disabled={!can}
      popoverTarget={menu}
      popoverTargetAction="hide"
      onClick={() => void action.run(studio)}
    >
      <span>{t(action.title)}</span>
      {action.keys?.[0] ? <Keys combination={action.keys[0]} /> : null}
    </button>
  );
}

function AutoItems({ menu }: { readonly menu: string }) {
  const t = useText();
  const { runs } = useStudio();
  const options = useRuns((state) => state.options);
  return (
    <div role="group" aria-label={t("running.auto")}>
      <p className="menu-heading">{t("running.auto")}</p>
      {MODES.map(({ mode, title }) => (
        <button
          key={mode}
          type="button"
          role="menuitemradio"
          aria-checked={options.auto === mode}
          popoverTarget={menu}
          popoverTargetAction="hide"
          onClick={() => runs.setState({ options: { ...options, auto: mode } })}
        >
          <span>{t(title)}</span>
          {options.auto === mode ? <Icon name="check" /> : null}
        </button>
      ))}
    </div>
  );
}

function NotifyItem({ menu }: { readonly menu: string }) {
  const t = useText();
  const { ui } = useStudio();
  const wanted = wantsNotifications();
  const change = async (): Promise<void> => {
    if (!(await setNotifications(!wanted))) ui.notify({ tone: "info", text: t("running.notifyRefused") });
  };
  return (
    <div role="group">
      <button
        type="button"
        role="menuitemcheckbox"
        aria-checked={wanted}
        popoverTarget={menu}
        popoverTargetAction="hide"
        onClick={() => void change()}
      >
        <span>{t("running.notify")}</span>
        {wanted ? <Icon name="check" /> : null}
      </button>
    </div>
  );
}

/** Up and down go from item to item. */
function walk(event: React.KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>("[role^=menuitem]:enabled")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  items[(at + step + items.length) % items.length]?.focus();
}
