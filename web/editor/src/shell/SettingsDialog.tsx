import { LANGUAGES, type MessageKey } from "../i18n/messages";
import { useText } from "../i18n/use_text";
import type { Settings } from "../state/settings";
import { useSettings, useStudio } from "../state/studio";
import { DialogFrame } from "./DialogFrame";
import type { DialogProps } from "./dialog_props";

const THEMES: readonly [Settings["theme"], MessageKey][] = [
  ["system", "shell.themeSystem"],
  ["light", "shell.themeLight"],
  ["dark", "shell.themeDark"],
];
const LINK_STYLES: readonly [Settings["linkStyle"], MessageKey][] = [
  ["curved", "shell.linkCurved"],
  ["straight", "shell.linkStraight"],
  ["stepped", "shell.linkStepped"],
];
const SWITCHES: readonly ["snapToGrid" | "showMinimap", MessageKey][] = [
  ["snapToGrid", "shell.snapToGrid"],
  ["showMinimap", "shell.showMinimap"],
];

/** What a person may choose; each choice holds at once. */
export function SettingsDialog({ close }: DialogProps) {
  const t = useText();
  const { settings } = useStudio();
  const chosen = useSettings((state) => state);
  return (
    <DialogFrame title={t("shell.settingsTitle")} close={close}>
      <form className="settings" onSubmit={(event) => event.preventDefault()}>
        <label>
          <span>{t("shell.theme")}</span>
          <Choice
            value={chosen.theme}
            choices={THEMES.map(([value, key]) => [value, t(key)])}
            choose={(theme) => settings.change({ theme })}
          />
        </label>
        <label>
          <span>{t("shell.language")}</span>
          <Choice
            value={chosen.language}
            choices={Object.entries(LANGUAGES).map(([tag, { name }]) => [tag, name])}
            choose={(language) => settings.change({ language })}
          />
        </label>
        <label>
          <span>{t("shell.linkStyle")}</span>
          <Choice
            value={chosen.linkStyle}
            choices={LINK_STYLES.map(([value, key]) => [value, t(key)])}
            choose={(linkStyle) => settings.change({ linkStyle })}
          />
        </label>
        {SWITCHES.map(([name, key]) => (
          <label key={name}>
            <span>{t(key)}</span>
            <input
              type="checkbox"
              role="switch"
              checked={chosen[name]}
              onChange={(event) => settings.change({ [name]: event.target.checked })}
            />
          </label>
        ))}
      </form>
    </DialogFrame>
  );
}

interface Choosing<T extends string> {
  readonly value: T;
  readonly choices: readonly (readonly [T, string])[];
  readonly choose: (value: T) => void;
}

function Choice<T extends string>({ value, choices, choose }: Choosing<T>) {
  return (
    <select value={value} onChange={(event) => choose(event.target.value as T)}>
      {choices.map(([one, name]) => (
        <option key={one} value={one}>
          {name}
        </option>
      ))}
    </select>
  );
}
