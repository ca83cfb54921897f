import { indexOf } from "../document/links";
import { keyOf, type WorkflowNode } from "../document/workflow";
import { shownGraph } from "../state/documents";
import { useCatalogue, useTab } from "../state/studio";
import { type RowProps, useColumn } from "./column";
import { Name, rowAttributes } from "./row_parts";

/** A widget whose value comes through a link: it says from where, and cannot be set. */
export function LinkedRow(props: RowProps) {
  const column = useColumn();
  const { style, height } = { style: { top: props.y + 2 }, height: 20 };
  const origin = useTab((tab) => originOf(column.node, props.widget.name, tab));
  const type = useCatalogue((state) => (origin ? state.types.get(origin.type)?.displayName : undefined));
  const attributes = rowAttributes(column, props, "linked");
  const from = origin ? (origin.title ?? type ?? origin.type) : column.t("widgets.outside");
  return (
    <div {...attributes} style={{ ...style, height }} role="group" aria-disabled="true">
      <Name>{attributes["aria-label"]}</Name>
      <span className="widget-value">{column.t("widgets.from", { node: from })}</span>
    </div>
  );
}

function originOf(node: WorkflowNode, widget: string, tab: Parameters<typeof shownGraph>[0]): WorkflowNode | undefined {
  const input = node.inputs?.find((one) => (one.widget?.name ?? one.name) === widget);
  if (input?.link == null) return undefined;
  const index = indexOf(shownGraph(tab));
  const link = index.links.get(input.link);
  return link && index.nodes.get(keyOf(link.from));
}
