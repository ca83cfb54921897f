import { useText } from "../i18n/use_text";
import { useStudio, useUi } from "../state/studio";
import { Icon } from "./Icon";
import { PANELS } from "./panels";

/** The buttons that open the panels. */
export function Rail() {
  const t = useText();
  const { ui } = useStudio();
  const open = useUi((state) => state.panel);
  return (
    <nav className="rail" aria-label={t("shell.panels")}>
      {PANELS.map(({ name, title, icon }) => (
        <button
          key={name}
          type="button"
          aria-label={t(title)}
          title={t(title)}
          aria-pressed={open === name}
          onClick={() => ui.togglePanel(name)}
        >
          <Icon name={icon} />
        </button>
      ))}
    </nav>
  );
}
