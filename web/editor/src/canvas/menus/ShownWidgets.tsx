import { useEffect, useRef } from "react";
import { showOutside, widgetsShownOutside } from "../../document/commands/subgraph_shown";
import { schemaOf } from "../../document/node_schema";
import { widgetsOf } from "../../document/widgets";
import { keyOf, type SubgraphDefinition } from "../../document/workflow";
import { useText } from "../../i18n/use_text";
import { workflowOf } from "../../state/documents";
import { useCanvas, useStudio, useTab } from "../../state/studio";
import { here } from "../actions/here";
import { Popover } from "../overlays/Popover";

/** Which widgets of a node inside a subgraph stand on the subgraph's node too. */
export function ShownWidgets() {
  const list = useCanvas((state) => state.list);
  return list?.of === "widgets" ? <Opened node={list.node} /> : null;
}

function Opened({ node: key }: { readonly node: string }) {
  const t = useText();
  const studio = useStudio();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => (box.current?.querySelector("input") ?? box.current)?.focus(), []);
  useTab(workflowOf); // ticks change it
  const now = here(studio);
  const place = now?.layout.places.get(key);
  if (!now || !place) return null;
  const { view } = studio.canvas.getState();
  const close = (): void => {
    studio.canvas.setState({ list: null });
    view?.focus(key);
  };
  const widgets = widgetsOf(place.node, schemaOf(place.node, now.around));
  const shown = widgetsShownOutside(now.around.workflow, now.graph as SubgraphDefinition, place.node.id);
  const show = (name: string, isShown: boolean): void => {
    const recipe = showOutside(place.node.id, name, isShown, now.around.catalogue);
    studio.documents.edit("edit.slot", recipe);
  };
  const at = view?.toScreen({ x: place.box.x + place.box.width + 12, y: place.box.y });
  const heading = t("canvas.shownWidgets");
  return (
    <Popover at={at ?? { x: 80, y: 80 }} label={heading} close={close} className="connect-list">
      <div ref={box} tabIndex={-1} data-node-widgets={keyOf(place.node.id)}>
        <h4>{heading}</h4>
        {widgets.map(({ name, label, linked }) => (
          <label key={name} className="shown-widget">
            <input
              type="checkbox"
              checked={shown.has(name)}
              disabled={linked && !shown.has(name)}
              onChange={(event) => show(name, event.target.checked)}
            />
            {label}
          </label>
        ))}
        {widgets.length === 0 ? <p className="hint">{t("canvas.noWidgets")}</p> : null}
      </div>
    </Popover>
  );
}
