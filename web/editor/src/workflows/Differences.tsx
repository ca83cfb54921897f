import type { Workflow } from "../document/workflow";

/** What differs between two versions of a workflow, in words. */
export function Differences({ from, to }: { readonly from: Workflow; readonly to: Workflow }) {
  return <p>{from.nodes.length} → {to.nodes.length}</p>;
}
