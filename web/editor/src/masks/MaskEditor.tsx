import { useEffect, useState } from "react";
import { ServerProblem } from "../api/server";
import type { Text } from "../i18n/messages";
import { useText } from "../i18n/use_text";
import { DialogFrame } from "../shell/DialogFrame";
import type { DialogProps } from "../shell/dialog_props";
import { useStudio } from "../state/studio";
import { MaskWorkshop } from "./MaskWorkshop";
import { loadPicture, release } from "./picture";
import { MaskSession } from "./session";
import { type MaskTarget, targetOf } from "./target";

/** Paints the mask of the picture that a node names: `about.tab`, `about.node`, and `input` where it has several. */
export function MaskEditor({ about, close }: DialogProps) {
  const t = useText();
  const studio = useStudio();
  const [target] = useState(() => targetOf(studio, about));
  const loaded = useSession(target);
  if (target && loaded instanceof MaskSession) return <MaskWorkshop session={loaded} target={target} close={close} />;
  const problem = target ? (typeof loaded === "string" ? loaded : null) : t("masks.no_picture");
  return (
    <DialogFrame title={t("masks.title")} close={close}>
      {problem === null && target ? (
        <p role="status">{t("masks.loading", { name: target.file.filename })}</p>
      ) : (
        <p role="alert">{problem}</p>
      )}
    </DialogFrame>
  );
}

/** The session of a target's picture; null while it is fetched, a sentence when it cannot be had. */
function useSession(target: MaskTarget | null): MaskSession | string | null {
  const t = useText();
  const { server } = useStudio();
  const [loaded, setLoaded] = useState<MaskSession | string | null>(null);
  useEffect(() => {
    if (!target) return;
    const end = new AbortController();
    let session: MaskSession | null = null;
    loadPicture(server, target.file, end.signal).then(
      (picture) => {
        session = new MaskSession(picture, localStorage);
        if (end.signal.aborted) release(picture);
        else setLoaded(session);
      },
      (error: unknown) => {
        if (!end.signal.aborted) setLoaded(notLoaded(t, target, error));
      },
    );
    return () => {
      end.abort();
      if (session) release(session.picture);
    };
  }, [server, target, t]);
  return loaded;
}

function notLoaded(t: Text, { file }: MaskTarget, error: unknown): string {
  const name = file.filename;
  if (error instanceof ServerProblem) {
    if (error.status === 404) return t("masks.gone", { name });
    return t("masks.not_loaded", { name, reason: error.message });
  }
  return t("masks.not_decoded", { name });
}
