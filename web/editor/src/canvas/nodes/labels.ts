/** What nodes and sockets are called. */

import { titleOf } from "../../document/geometry";
import type { NodeSchema } from "../../document/schema";
import { Mode, type NodeInput, type NodeOutput, type WorkflowNode } from "../../document/workflow";
import type { Text } from "../../i18n/messages";
import type { NodeRun } from "../../state/runs";

export function slotName(slot: NodeInput | NodeOutput): string {
  return slot.label ?? slot.localized_name ?? slot.name;
}

/** How a node looks for its mode; undefined for one that takes part as usual. */
export function modeOf(node: WorkflowNode): "muted" | "bypassed" | undefined {
  if (node.mode === Mode.never) return "muted";
  return node.mode === Mode.bypass ? "bypassed" : undefined;
}

/** For those who cannot see it: title, type, and how it fares. */
export function spokenLabel(
  t: Text,
  node: WorkflowNode,
  schema: NodeSchema | undefined,
  run: NodeRun | undefined,
): string {
  const mode = modeOf(node);
  const states = [
    mode ? t(`canvas.${mode}`) : null,
    node.flags?.pinned ? t("canvas.pinned") : null,
    node.flags?.collapsed ? t("canvas.collapsed") : null,
    run?.state === "running" ? t("canvas.running") : null,
    run?.problems?.length ? t("canvas.failed", { problem: run.problems[0]?.message ?? "" }) : null,
  ].filter((state) => state !== null);
  return [titleOf(node, schema), schema?.displayName ?? node.type, ...states].join(", ");
}
