/** What a person can do, named once: menus, keys, buttons and the command list are made of these. */

import type { MessageKey } from "../i18n/messages";
import type { Studio } from "../state/studio";

export interface Action {
  /** `canvas.delete`: the part of the editor, and what it does. */
  readonly id: string;
  readonly title: MessageKey;
  /** `Ctrl+Enter`, `Delete`, `Ctrl+Shift+Z`; Ctrl is Command on a Mac. Without: only in menus and the command list. */
  readonly keys?: readonly string[];
  /** Also while a text field has the focus. */
  readonly inText?: boolean;
  /** Its keys count only while the focus is on the canvas or on nothing, so that buttons and lists keep theirs. */
  readonly onCanvas?: boolean;
  /** Keys of which the browser makes an event (`copy`, `paste`) that does it: shown to people, not listened to. */
  readonly nativeKeys?: readonly string[];
  /** Whether it can be done now; absent: always. */
  readonly when?: (studio: Studio) => boolean;
  readonly run: (studio: Studio) => void | Promise<void>;
}
