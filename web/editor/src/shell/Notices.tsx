import { useText } from "../i18n/use_text";
import { useStudio, useUi } from "../state/studio";
import { Icon } from "./Icon";

/** Messages in the corner. */
export function Notices() {
  const t = useText();
  const { ui } = useStudio();
  const notices = useUi((state) => state.notices);
  return (
    <div className="notices" role="status" aria-live="polite">
      {notices.map(({ id, tone, text, details, action }) => (
        <div key={id} className="notice" data-tone={tone}>
          <p>{text}</p>
          {details ? <p className="details">{details}</p> : null}
          {action ? (
            <button type="button" onClick={action.run}>
              {action.title}
            </button>
          ) : null}
          <button type="button" className="icon-button" aria-label={t("shell.close")} onClick={() => ui.dismiss(id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
