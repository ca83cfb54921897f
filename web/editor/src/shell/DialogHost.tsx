import { type ReactNode, type RefObject, Suspense, useEffect, useRef } from "react";
import { useStudio, useUi } from "../state/studio";
import { DIALOGS } from "./dialogs";

/** Shows the dialog that is open, over everything, with the focus kept inside (the browser's own modal dialog). */
export function DialogHost() {
  const { ui } = useStudio();
  const dialog = useUi((state) => state.dialog);
  const host = useRef<HTMLDialogElement>(null);
  const content = dialog ? DIALOGS[dialog.name] : undefined;
  if (!dialog || !content) return null;
  const close = (): void => ui.setState({ dialog: null });
  return (
    <dialog ref={host} className="dialog" onClose={close}>
      <Suspense>
        <Shown key={dialog.name} host={host}>
          <content.Component about={dialog.about} close={close} />
        </Shown>
      </Suspense>
    </dialog>
  );
}

/** Opens the dialog once its content is there; the focus begins at the control that says `data-focus`. */
function Shown({
  host,
  children,
}: {
  readonly host: RefObject<HTMLDialogElement | null>;
  readonly children: ReactNode;
}) {
  useEffect(() => {
    if (!host.current?.open) host.current?.showModal();
    // The browser would focus the first control, which is the button that closes; React writes no `autofocus`.
    host.current?.querySelector<HTMLElement>("[data-focus]")?.focus();
  }, [host]);
  return children;
}
