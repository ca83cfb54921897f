import type { ReactNode } from "react";
import { useText } from "../i18n/use_text";
import { Icon } from "./Icon";

interface Framed {
  readonly title: string;
  readonly close: () => void;
  readonly children: ReactNode;
}

/** A dialog's title with its close button, and what it holds. */
export function DialogFrame({ title, close, children }: Framed) {
  const t = useText();
  return (
    <section className="dialog-frame" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <button type="button" className="icon-button" aria-label={t("shell.close")} onClick={close}>
          <Icon name="close" />
        </button>
      </header>
      <div className="dialog-body">{children}</div>
    </section>
  );
}
