import { useMemo } from "react";
import { useSettings } from "../state/studio";
import { type Text, textIn } from "./messages";

/** Writes messages in the chosen language: `const t = useText(); t("shell.close")`. */
export function useText(): Text {
  const language = useSettings((settings) => settings.language);
  return useMemo(() => textIn(language), [language]);
}
