/** The panels at the left side, in order, and the inspector at the right. */

import type { MessageKey } from "../i18n/messages";
import type { IconName } from "./Icon";
import { type Later, later } from "./later";

export interface Panel {
  readonly name: string;
  readonly title: MessageKey;
  readonly icon: IconName;
  readonly content: Later<object>;
}

export const PANELS: readonly Panel[] = [
  {
    name: "workflows",
    title: "workflows.panel",
    icon: "folder",
    content: later(async () => (await import("../workflows/WorkflowsPanel")).WorkflowsPanel),
  },
  {
    name: "templates",
    title: "templates.panel",
    icon: "template",
    content: later(async () => (await import("../workflows/TemplatesPanel")).TemplatesPanel),
  },
  {
    name: "queue",
    title: "running.panel",
    icon: "queue",
    content: later(async () => (await import("../running/QueuePanel")).QueuePanel),
  },
  {
    name: "history",
    title: "running.history",
    icon: "history",
    content: later(async () => (await import("../running/HistoryPanel")).HistoryPanel),
  },
  {
    name: "gallery",
    title: "gallery.panel",
    icon: "gallery",
    content: later(async () => (await import("../library/GalleryPanel")).GalleryPanel),
  },
];

export const INSPECTOR: Later<object> = later(async () => (await import("../inspect/InspectorPanel")).InspectorPanel);
