import { useState } from "react";
import { createPortal } from "react-dom";
import { useText } from "../i18n/use_text";
import type { NodeRun } from "../state/runs";
import { nodeRun } from "../state/runs";
import { useRuns } from "../state/studio";
import { readableBytes, readableSeconds } from "./amounts";
import type { Text } from "../i18n/messages";

/** How long a node took, whether its result was known, and why: what stands in its title after a run. */
export function NodeBadges({ tab, node }: { readonly tab: string; readonly node: string }) {
  const t = useText();
  const [at, setAt] = useState<DOMRect | null>(null);
  const run = useRuns((state) => nodeRun(state, tab, node));
  if (!run || !hasBadge(run)) return null;
  const facts = factsOf(run, t);
  const show = (event: React.SyntheticEvent<HTMLElement>): void => setAt(event.currentTarget.getBoundingClientRect());
  const hide = (): void => setAt(null);
  return (
    <span className="node-badges nodrag">
      <button
        type="button"
        className="node-badge"
        data-state={run.problems?.length ? "failed" : run.state}
        aria-label={t("running.nodeFacts", { facts: facts.join(" ") })}
        onPointerEnter={show}
        onPointerLeave={hide}
        onFocus={show}
        onBlur={hide}
      >
        {badgeText(run, t)}
      </button>
      {at ? createPortal(<Facts facts={facts} at={at} />, document.body) : null}
    </span>
  );
}

/** The sentences in a small box by the badge, over everything: within the node they would be cut off. */
function Facts({ facts, at }: { readonly facts: readonly string[]; readonly at: DOMRect }) {
  const below = at.top < 160;
  const right = Math.max(8, window.innerWidth - at.right);
  return (
    <span
      className="node-facts"
      aria-hidden="true"
      style={below ? { right, top: at.bottom + 6 } : { right, bottom: window.innerHeight - at.top + 6 }}
    >
      {facts.map((fact) => (
        <span key={fact}>{fact}</span>
      ))}
    </span>
  );
}

function hasBadge(run: NodeRun): boolean {
  return run.state === "cached" || run.seconds != null || Boolean(run.problems?.length);
}

function badgeText(run: NodeRun, t: Text): string {
  if (run.problems?.length) return "!";
  if (run.state === "cached") return t("running.cached");
  const parts = [
    run.seconds == null ? null : readableSeconds(run.seconds),
    run.peakBytes ? readableBytes(run.peakBytes) : null,
  ];
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
