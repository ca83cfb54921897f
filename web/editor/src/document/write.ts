/** Saving workflows. A document is the file, so there is little to do. */

import { withOrders } from "./order";
import type { Workflow } from "./workflow";

/**
 * The text of a workflow's file. What was not edited is written as it was read.
 *
 * `read` is the workflow as it was opened: it is written unchanged even where it is not sound.
 */
export function writeWorkflow(workflow: Workflow, read: Workflow | null = null, indent?: number): string {
  return JSON.stringify(workflow === read ? workflow : finished(workflow), null, indent);
}

/**
 * A workflow as other editors want it: with orders that fit its links. The same object where they did. (Within
 * subgraphs the stock editor writes any orders.)
 */
export function finished(workflow: Workflow): Workflow {
  return withOrders(workflow) as Workflow;
}
