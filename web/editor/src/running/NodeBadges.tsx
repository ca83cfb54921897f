import { useId } from "react";
import { useText } from "../i18n/use_text";
import type { NodeRun } from "../state/runs";
import { nodeRun } from "../state/runs";
import { useRuns } from "../state/studio";
import { readableBytes, readableSeconds } from "./amounts";
import type { Text } from "../i18n/messages";

/** How long a node took, whether its result was known, and why: what stands in its title after a run. */
export function NodeBadges({ tab, node }: { readonly tab: string; readonly node: string }) {
  const t = useText();
  const id = useId();
  const run = useRuns((state) => nodeRun(state, tab, node));
  if (!run || !hasBadge(run)) return null;
  const facts = factsOf(run, t);
  return (
    <span className="node-badges nodrag">
      <button type="button" className="node-badge" data-state={run.state} aria-label={t("running.nodeFacts", { facts: facts.join(" ") })} aria-describedby={id}>
        {badgeText(run, t)}
      </button>
      <span id={id} role="tooltip" className="node-facts">
        {facts.map((fact) => (
          <span key={fact}>{fact}</span>
        ))}
      </span>
    </span>
  );
}

function hasBadge(run: NodeRun): boolean {
  return run.state === "cached" || run.seconds != null || Boolean(run.problems?.length);
}

function badgeText(run: NodeRun, t: Text): string {
  if (run.problems?.length) return "!";
  if (run.state === "cached") return t("running.cached");
  const parts = [run.seconds == null ? null : readableSeconds(run.seconds), run.peakBytes ? readableBytes(run.peakBytes) : null];
  return parts.filter((part) => part !== null).join(" · ");
}

/** Sentences: what went wrong, why it ran or did not, and what it took. */
function factsOf(run: NodeRun, t: Text): string[] {
  const why = run.state === "cached" ? (run.why ?? t("running.cachedWhy")) : (run.why ?? null);
  return [
    ...(run.problems ?? []).map((problem) => problem.message),
    why,
    run.seconds == null ? null : `${t("running.took", { time: readableSeconds(run.seconds) })}.`,
    run.peakBytes ? `${t("running.peak", { size: readableBytes(run.peakBytes) })}.` : null,
  ].filter((fact) => fact !== null);
}
