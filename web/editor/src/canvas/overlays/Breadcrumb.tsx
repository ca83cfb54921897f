import { definitionsOf } from "../../document/workflow";
import { useText } from "../../i18n/use_text";
import { workflowOf } from "../../state/documents";
import { useStudio, useTab } from "../../state/studio";

/** The way from the top level to the shown subgraph; each step leads back there. */
export function Breadcrumb() {
  const t = useText();
  const { documents } = useStudio();
  const trail = useTab((tab) => tab.trail);
  const workflow = useTab(workflowOf);
  if (!trail?.length || !workflow) return null;
  const names = new Map(definitionsOf(workflow).map((definition) => [definition.id, definition.name]));
  const steps = [t("canvas.top"), ...trail.map((step) => names.get(step.subgraph) ?? step.subgraph)];
  return (
    <nav className="breadcrumb" aria-label={t("canvas.trail")}>
      {steps.map((name, depth) => (
        <button
          key={depth}
          type="button"
          aria-current={depth === trail.length ? "page" : undefined}
          onClick={() => documents.leave(depth)}
        >
          {name}
        </button>
      ))}
    </nav>
  );
}
