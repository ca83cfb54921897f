import { useEffect } from "react";
import { useText } from "../i18n/use_text";
import { useStudio, useUi } from "../state/studio";
import type { Notice } from "../state/ui";
import { Icon } from "./Icon";

const STAYS = 6000; // ms that a message stays which nobody has to act on
const STAYS_TO_ACT = 20_000; // ms for one that offers something, without being a problem

/** Messages in the corner. */
export function Notices() {
  const notices = useUi((state) => state.notices);
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map((notice) => (
        <NoticeCard key={notice.id} notice={notice} />
      ))}
    </div>
  );
}

function NoticeCard({ notice: { id, tone, text, details, action } }: { readonly notice: Notice }) {
  const t = useText();
  const { ui } = useStudio();
  useEffect(() => {
    if (tone === "problem") return;
    const timer = setTimeout(() => ui.dismiss(id), action ? STAYS_TO_ACT : STAYS);
    return () => clearTimeout(timer);
  }, [ui, id, tone, action]);
  return (
    <div className="notice" data-tone={tone}>
      <p>{text}</p>
      {details ? <p className="details">{details}</p> : null}
      {action ? (
        <button
          type="button"
          onClick={() => {
            ui.dismiss(id);
            action.run();
          }}
        >
          {action.title}
        </button>
      ) : null}
      <button type="button" className="icon-button" aria-label={t("shell.close")} onClick={() => ui.dismiss(id)}>
        <Icon name="close" />
      </button>
    </div>
  );
}
