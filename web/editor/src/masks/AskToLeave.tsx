import { useEffect, useId, useRef } from "react";
import { useText } from "../i18n/use_text";

interface Asked {
  readonly save: () => Promise<void>;
  readonly discard: () => void;
  readonly stay: () => void;
}

/** Asks what becomes of strokes that were not saved. */
export function AskToLeave({ save, discard, stay }: Asked) {
  const t = useText();
  const question = useId();
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    first.current?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    <div className="mask-ask" role="alertdialog" aria-labelledby={question}>
      <p id={question}>{t("masks.ask_to_leave")}</p>
      <button
        type="button"
        ref={first}
        className="primary"
        onClick={() => {
          stay();
          void save();
        }}
      >
        {t("masks.save")}
      </button>
      <button type="button" onClick={discard}>
        {t("masks.discard")}
      </button>
      <button type="button" onClick={stay}>
        {t("masks.stay")}
      </button>
    </div>
  );
}
