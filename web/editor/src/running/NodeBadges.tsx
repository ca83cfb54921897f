import { nodeRun } from "../state/runs";
import { useRuns } from "../state/studio";

/** How long a node took, whether its result was known: what stands in its title after a run. */
export function NodeBadges({ tab, node }: { readonly tab: string; readonly node: string }) {
  const run = useRuns((state) => nodeRun(state, tab, node));
  if (run?.seconds == null) return null;
  return <span className="node-badge">{run.seconds.toFixed(2)} s</span>;
}
