/** The panels at the left side, in order. */

import type { ComponentType } from "react";
import type { MessageKey } from "../i18n/messages";
import { GalleryPanel } from "../library/GalleryPanel";
import { HistoryPanel } from "../running/HistoryPanel";
import { QueuePanel } from "../running/QueuePanel";
import { TemplatesPanel } from "../workflows/TemplatesPanel";
import { WorkflowsPanel } from "../workflows/WorkflowsPanel";
import type { IconName } from "./Icon";

export interface Panel {
  readonly name: string;
  readonly title: MessageKey;
  readonly icon: IconName;
  readonly component: ComponentType;
}

export const PANELS: readonly Panel[] = [
  { name: "workflows", title: "workflows.panel", icon: "folder", component: WorkflowsPanel },
  { name: "templates", title: "templates.panel", icon: "template", component: TemplatesPanel },
  { name: "queue", title: "running.panel", icon: "queue", component: QueuePanel },
  { name: "history", title: "running.history", icon: "history", component: HistoryPanel },
  { name: "gallery", title: "gallery.panel", icon: "gallery", component: GalleryPanel },
];
