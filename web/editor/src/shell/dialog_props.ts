/** What a dialog is given: what it is about, and how it closes. */
export interface DialogProps {
  readonly about: Readonly<Record<string, unknown>>;
  readonly close: () => void;
}
