import { useEffect, useRef } from "react";
import { useStudio, useUi } from "../state/studio";
import { DIALOGS } from "./dialogs";

/**
 * Shows the dialog that is open, over everything, with the focus kept inside (the browser's own modal dialog). The
 * focus begins at the control that says `data-focus`.
 */
export function DialogHost() {
  const { ui } = useStudio();
  const dialog = useUi((state) => state.dialog);
  const host = useRef<HTMLDialogElement>(null);
  const Content = dialog ? DIALOGS[dialog.name] : undefined;
  useEffect(() => {
    if (!Content) return;
    host.current?.showModal();
    // The browser would focus the first control, which is the button that closes; React writes no `autofocus`.
    host.current?.querySelector<HTMLElement>("[data-focus]")?.focus();
  }, [Content]);
  if (!dialog || !Content) return null;
  const close = (): void => ui.setState({ dialog: null });
  return (
    <dialog ref={host} className="dialog" onClose={close}>
      <Content about={dialog.about} close={close} />
    </dialog>
  );
}
