import { useEffect, useState } from "react";
import { ServerProblem } from "../api/server";
import { useText } from "../i18n/use_text";
import { Icon } from "../shell/Icon";
import { type Tab, workflowOf } from "../state/documents";
import { isLive, nodeRun, type Run } from "../state/runs";
import { useCatalogue, useDocuments, useRuns, useStudio, useUi } from "../state/studio";
import type { InspectedWire } from "../state/ui";
import { nodeAt } from "../document/node_ids";
import { DifferenceLine, ValueView } from "./ValueView";
import { type FlowedValue, readValue } from "./values";

/** What flowed through the wire that was clicked, in the last run that its node took part in. */
export function InspectorPanel() {
  const t = useText();
  const { ui } = useStudio();
  const wire = useUi((state) => state.inspecting);
  if (!wire) return null;
  return (
    <>
      <header className="inspector-title">
        <WireName wire={wire} />
        <button
          type="button"
          className="icon-button"
          aria-label={t("shell.close")}
          onClick={() => ui.setState({ inspecting: null })}
        >
          <Icon name="close" />
        </button>
      </header>
      <Flowed key={`${wire.tab} ${wire.node} ${wire.slot}`} wire={wire} />
    </>
  );
}

function WireName({ wire }: { readonly wire: InspectedWire }) {
  const types = useCatalogue((state) => state.types);
  const node = useDocuments((state) => {
    const tab: Tab | undefined = state.tabs.find((one) => one.id === wire.tab);
    return tab && nodeAt(workflowOf(tab), wire.node);
  });
  const output = node?.outputs?.[wire.slot];
  const title = node?.title ?? (node && types.get(node.type)?.displayName) ?? node?.type ?? wire.node;
  return (
    <h2>
      {title} <span className="hint">→ {output?.label ?? output?.name ?? wire.slot}</span>
    </h2>
  );
}

type Answer = { readonly value: FlowedValue } | { readonly problem: string } | null;

function Flowed({ wire }: { readonly wire: InspectedWire }) {
  const t = useText();
  const { server } = useStudio();
  const prompt = useRuns((state) => nodeRun(state, wire.tab, wire.node)?.prompt ?? lastPrompt(state.runs, wire.tab));
  const state = useRuns((runs) => nodeRun(runs, wire.tab, wire.node)?.state);
  // The end of a run is when there may be something new to ask for.
  const endings = useRuns((runs) => runs.endings);
  const [answer, setAnswer] = useState<Answer>(null);
  useEffect(() => {
    // While the node is at work, what is shown stays.
    if (prompt === undefined || state === "waiting" || state === "running") return;
    const asked = new AbortController();
    readValue(server, { prompt, node: wire.node, slot: wire.slot }, asked.signal).then(
      (value) => setAnswer({ value }),
      (error: unknown) => {
        if (error instanceof ServerProblem) setAnswer({ problem: `${error.message} ${error.details}` });
        else if (!asked.signal.aborted) throw error;
      },
    );
    return () => asked.abort();
  }, [server, prompt, state, endings, wire]);
  if (prompt === undefined && answer === null) return <p className="hint">{t("inspect.notRun")}</p>;
  if (answer === null) return <p className="hint">{t("inspect.asking")}</p>;
  if ("problem" in answer) return <p role="status">{answer.problem}</p>;
  const { value } = answer;
  return (
    <div aria-live="polite">
      <p className="value-type">
        {value.type}
        {value.items.length > 1 ? ` × ${value.items.length}` : null}
      </p>
      {value.difference ? <DifferenceLine difference={value.difference} /> : null}
      {value.items.map((item, at) => (
        <ValueView
          key={at}
          place={{ prompt: value.prompt_id, node: value.node, slot: value.slot }}
          item={at}
          value={item}
          before={value.previous?.items[at]}
        />
      ))}
    </div>
  );
}

/** The last run of a tab that is over. */
function lastPrompt(runs: ReadonlyMap<string, Run>, tab: string): string | undefined {
  return [...runs.values()].filter((run) => run.tab === tab && !isLive(run)).at(-1)?.prompt;
}
