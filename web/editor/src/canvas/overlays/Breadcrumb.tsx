import { renameSubgraph } from "../../document/commands/subgraph_edit";
import { definitionsOf } from "../../document/workflow";
import { useText } from "../../i18n/use_text";
import { workflowOf } from "../../state/documents";
import { useCanvas, useStudio, useTab } from "../../state/studio";
import { TitleField } from "../nodes/TitleField";

/** The way from the top level to the shown subgraph; each step leads back there, the last one can be renamed. */
export function Breadcrumb() {
  const t = useText();
  const { documents, canvas } = useStudio();
  const trail = useTab((tab) => tab.trail);
  const workflow = useTab(workflowOf);
  const isRenamed = useCanvas(({ renaming }) => renaming?.kind === "subgraph");
  if (!trail?.length || !workflow) return null;
  const names = new Map(definitionsOf(workflow).map((definition) => [definition.id, definition.name]));
  const steps = [t("canvas.top"), ...trail.map((step) => names.get(step.subgraph) ?? step.subgraph)];
  const last = steps.at(-1) ?? "";
  const rename = (name: string): void => {
    if (canvas.getState().renaming === null) return; // the field's leaving after it was done with
    canvas.setState({ renaming: null });
    if (name && name !== last) documents.edit("edit.rename", renameSubgraph(name));
    canvas.getState().view?.focus(null);
  };
  return (
    <nav className="breadcrumb" aria-label={t("canvas.trail")}>
      {steps.map((name, depth) =>
        isRenamed && depth === trail.length ? (
          <TitleField key={depth} label={t("canvas.renameSubgraph")} value={name} done={rename} />
        ) : (
          <button
            key={depth}
            type="button"
            aria-current={depth === trail.length ? "page" : undefined}
            onClick={() => documents.leave(depth)}
            onDoubleClick={() => depth === trail.length && canvas.setState({ renaming: { kind: "subgraph" } })}
          >
            {name}
          </button>
        ),
      )}
    </nav>
  );
}
