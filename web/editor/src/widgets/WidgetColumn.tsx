import { setWidgetValue } from "../document/commands/nodes";
import type { NodeSchema } from "../document/schema";
import { widgetsOf } from "../document/widgets";
import type { WorkflowNode } from "../document/workflow";
import { useStudio } from "../state/studio";

/** The controls of a node, one below the other, in rows as high as `document/geometry.ts` says. */
export function WidgetColumn({ node, schema }: { readonly node: WorkflowNode; readonly schema: NodeSchema | undefined }) {
  const { documents } = useStudio();
  return (
    <div className="widgets nodrag nowheel">
      {widgetsOf(node, schema).map((widget) => (
        <label key={widget.name} className="widget">
          <span>{widget.name}</span>
          <input
            value={String(widget.value)}
            onChange={(event) =>
              documents.edit("edit.widget", setWidgetValue(node.id, widget.name, widget.index, event.target.value), widget.name)
            }
          />
        </label>
      ))}
    </div>
  );
}
