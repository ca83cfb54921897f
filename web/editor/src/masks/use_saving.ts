/** Saving from the dialog: what goes wrong is said there, and the mask stays. */

import { useCallback, useRef, useState } from "react";
import { ServerProblem } from "../api/server";
import type { Text } from "../i18n/messages";
import { useText } from "../i18n/use_text";
import { useStudio } from "../state/studio";
import { nameOf } from "../widgets/file_names";
import { saveMask } from "./saving";
import type { MaskSession } from "./session";
import { type MaskTarget, putFile } from "./target";

export interface Saving {
  readonly isSaving: boolean;
  /** Why it could not be saved, in a sentence. */
  readonly problem: string | null;
  readonly save: () => Promise<void>;
}

export function useSaving(session: MaskSession, target: MaskTarget, close: () => void): Saving {
  const t = useText();
  const studio = useStudio();
  const isRunning = useRef(false);
  const [isSaving, setSaving] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const send = useCallback(async () => {
    try {
      const kept = await saveMask(studio.server, target.file, session.mask);
      const name = nameOf(kept);
      const isShown = putFile(studio, target, kept);
      session.markSaved();
      studio.ui.notify({
        tone: isShown ? "success" : "info",
        text: t(isShown ? "masks.saved" : "masks.saved_apart", { name }),
      });
      close();
    } catch (error) {
      setProblem(error instanceof ServerProblem ? notSaved(t, target, error) : t("masks.failed"));
    }
  }, [studio, session, target, close, t]);
  const save = useCallback(async () => {
    if (isRunning.current) return;
    isRunning.current = true;
    setSaving(true);
    setProblem(null);
    await session.alone(send);
    setSaving(false);
    isRunning.current = false;
  }, [session, send]);
  return { isSaving, problem, save };
}

function notSaved(t: Text, { file }: MaskTarget, error: ServerProblem): string {
  switch (error.status) {
    case 0:
      return t("masks.server_away");
    case 404:
      return t("masks.gone_meanwhile", { name: file.filename });
    case 413:
      return t("masks.too_large", { reason: error.message });
    default:
      return t("masks.not_saved", { reason: error.message });
  }
}
