/** A studio in a pretended browser, with one node of a type that the test declares. */

import { act } from "react";
import { createRoot } from "react-dom/client";
import { schemaOf } from "../../src/document/node_schema";
import { readCatalogue } from "../../src/document/schema";
import type { Workflow, WorkflowNode } from "../../src/document/workflow";
import { workflowOf } from "../../src/state/documents";
import { createStudio, type Studio, StudioContext, useCatalogue, useTab } from "../../src/state/studio";
import { WidgetColumn } from "../../src/widgets/WidgetColumn";

/** What `GET /object_info` would say of the type, by input name. */
export type Inputs = Readonly<Record<string, readonly unknown[]>>;

export interface Shown {
  readonly studio: Studio;
  readonly host: HTMLElement;
  /** What the node's values are now. */
  readonly values: () => unknown;
  /** How many steps can be undone. */
  readonly steps: () => number;
  readonly close: () => void;
}

const TYPE = "Tested";

export function nodeWith(values: WorkflowNode["widgets_values"], fields: Partial<WorkflowNode> = {}): WorkflowNode {
  return { id: 1, type: TYPE, pos: [0, 0], size: [300, 300], widgets_values: values, ...fields };
}

/** Draw the widgets of the first node of a workflow. */
export async function show(inputs: Inputs, node: WorkflowNode, rest: Partial<Workflow> = {}): Promise<Shown> {
  (globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
  const studio = createStudio(window);
  studio.settings.change({ language: "en" });
  const info = { [TYPE]: { display_name: "Tested", input: { required: inputs } } };
  studio.catalogue.setState({ types: readCatalogue(info), loaded: true });
  const tab = studio.documents.open({ nodes: [node], links: [], version: 0.4, ...rest }, { name: "test" });
  const host = document.createElement("div");
  document.body.append(host);
  const root = createRoot(host);
  await act(async () =>
    root.render(
      <StudioContext value={studio}>
        <First />
      </StudioContext>,
    ),
  );
  const now = () => studio.documents.getState().tabs.find((one) => one.id === tab);
  return {
    studio,
    host,
    values: () => {
      const shown = now();
      return shown && workflowOf(shown).nodes[0]?.widgets_values;
    },
    steps: () => now()?.history.past.length ?? 0,
    close: () => {
      act(() => root.unmount());
      host.remove();
    },
  };
}

function First() {
  const node = useTab((tab) => workflowOf(tab).nodes[0]);
  const workflow = useTab(workflowOf);
  const catalogue = useCatalogue((state) => state.types);
  if (!node || !workflow) return null;
  return <WidgetColumn node={node} schema={schemaOf(node, { workflow, graph: workflow, catalogue })} />;
}

/** Press a key on an element; whether its usual effect remains. */
export async function press(element: Element, key: string, more: KeyboardEventInit = {}): Promise<boolean> {
  let remains = true;
  await act(async () => {
    remains = element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more }));
  });
  return remains;
}

/** Write into a field as a person would. */
export async function write(field: HTMLInputElement | HTMLTextAreaElement, text: string): Promise<void> {
  const prototype = field instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
  await act(async () => {
    Object.getOwnPropertyDescriptor(prototype, "value")?.set?.call(field, text);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
