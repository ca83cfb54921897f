import { useCallback, useEffect, useId, useRef, useState } from "react";
import { useStore } from "zustand";
import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import { AskToLeave } from "./AskToLeave";
import { Sidebar } from "./Sidebar";
import type { MaskSession } from "./session";
import { Stage } from "./stage";
import { StageFooter } from "./StageFooter";
import { StageView } from "./StageView";
import type { MaskTarget } from "./target";
import { ToolIcon } from "./ToolIcon";
import { useSaving } from "./use_saving";

interface Given {
  readonly session: MaskSession;
  readonly target: MaskTarget;
  readonly close: () => void;
}

/** The mask editor with a picture in it. */
export function MaskWorkshop({ session, target, close }: Given) {
  const t = useText();
  const title = useId();
  const section = useRef<HTMLElement>(null);
  const [stage] = useState(() => new Stage(session));
  const [isAsking, setAsking] = useState(false);
  const { isSaving, problem, save } = useSaving(session, target, close);
  const hasFailed = useStore(session.store, (state) => state.hasFailed);
  const leave = useCallback(() => {
    if (session.isUnsaved) setAsking((before) => !before);
    else close();
  }, [session, close]);
  useUnsaved(section, session, leave);
  return (
    <section ref={section} className="mask-editor" aria-labelledby={title}>
      <header>
        <h2 id={title}>{t("masks.title_of", { name: target.file.filename })}</h2>
        <span className="hint">
          {t("masks.dimensions", { width: session.mask.width, height: session.mask.height })}
        </span>
        <UndoButtons session={session} />
        <button
          type="button"
          className="primary"
          disabled={isSaving}
          title={t("masks.save_help")}
          onClick={() => void save()}
        >
          {isSaving ? t("masks.saving") : t("masks.save")}
        </button>
        <button type="button" className="icon-button" aria-label={t("shell.close")} onClick={leave}>
          <Icon name="close" />
        </button>
      </header>
      {problem !== null || hasFailed ? (
        <p className="mask-problem" role="alert">
          {problem ?? t("masks.failed")}
        </p>
      ) : null}
      {isAsking ? <AskToLeave save={save} discard={close} stay={() => setAsking(false)} /> : null}
      <Sidebar session={session} />
      <StageView session={session} stage={stage} save={save} leave={leave} />
      <StageFooter session={session} stage={stage} />
    </section>
  );
}

function UndoButtons({ session }: { readonly session: MaskSession }) {
  const t = useText();
  const { canUndo, canRedo, isBusy } = useStore(session.store);
  return (
    <div className="mask-undo" role="group" aria-label={t("masks.steps")}>
      <button
        type="button"
        className="icon-button"
        aria-label={t("shell.undo")}
        title={`${t("shell.undo")} (Ctrl+Z)`}
        disabled={!canUndo || isBusy}
        onClick={() => session.undo()}
      >
        <ToolIcon name="undo" />
      </button>
      <button
        type="button"
        className="icon-button"
        aria-label={t("shell.redo")}
        title={`${t("shell.redo")} (Ctrl+Shift+Z)`}
        disabled={!canRedo || isBusy}
        onClick={() => session.redo()}
      >
        <ToolIcon name="redo" />
      </button>
    </div>
  );
}

/** Ask before what was painted is lost: when the browser closes the dialog by itself, or the page. */
function useUnsaved(section: React.RefObject<HTMLElement | null>, session: MaskSession, leave: () => void): void {
  useEffect(() => {
    const dialog = section.current?.closest("dialog");
    const cancelled = (event: Event): void => {
      event.preventDefault();
      leave();
    };
    const unloading = (event: BeforeUnloadEvent): void => {
      if (session.isUnsaved) event.preventDefault();
    };
    dialog?.addEventListener("cancel", cancelled);
    window.addEventListener("beforeunload", unloading);
    return () => {
      dialog?.removeEventListener("cancel", cancelled);
      window.removeEventListener("beforeunload", unloading);
    };
  }, [section, session, leave]);
}
