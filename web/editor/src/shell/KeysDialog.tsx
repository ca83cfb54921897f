import { ACTIONS } from "../actions/all";
import { useText } from "../i18n/use_text";
import { DialogFrame } from "./DialogFrame";
import type { DialogProps } from "./dialog_props";
import { GROUPS, groupOf } from "./groups";
import { Keys } from "./Keys";

/** What each key does. */
export function KeysDialog({ close }: DialogProps) {
  const t = useText();
  return (
    <DialogFrame title={t("shell.keysTitle")} close={close}>
      <p className="hint">{t("shell.keysHint")}</p>
      <div className="keys-columns">
        {GROUPS.map((group) => {
          const actions = ACTIONS.filter(
            (action) => (action.keys ?? action.nativeKeys)?.length && groupOf(action) === group,
          );
          if (actions.length === 0) return null;
          return (
            <section key={group.prefix} aria-label={t(group.title)}>
              <h3>{t(group.title)}</h3>
              <dl>
                {actions.map((action) => (
                  <div key={action.id}>
                    <dt>{t(action.title)}</dt>
                    <dd>
                      {(action.keys ?? action.nativeKeys)?.map((keys) => (
                        <Keys key={keys} combination={keys} />
                      ))}
                    </dd>
                  </div>
                ))}
              </dl>
            </section>
          );
        })}
      </div>
    </DialogFrame>
  );
}
