import { afterAll, describe, expect, test } from "vitest";
import { indexOf } from "../../src/document/links";
import { isVirtual } from "../../src/document/virtual";
import { widgetsOf } from "../../src/document/widgets";
import { Mode } from "../../src/document/workflow";
import { ABSENT, recordedPrompt, stockCatalogue, uiNames, uiWorkflow } from "./reference";

describe.skipIf(ABSENT)(`widgets of reference files (${ABSENT ?? "present"})`, () => {
  const catalogue = ABSENT ? new Map() : stockCatalogue();
  const names = uiNames().filter((name) => recordedPrompt(name) !== undefined);

  test("there are recorded prompts to compare with", () => expect(names.length).toBeGreaterThan(40));

  let compared = 0;
  afterAll(() => expect(ABSENT ? 9999 : compared).toBeGreaterThan(2000));

  test.each(names)("%s: the values are those that the stock editor sends", (name) => {
    const workflow = uiWorkflow(name);
    const prompt = recordedPrompt(name) ?? {};
    const around = { workflow, graph: workflow, catalogue };
    const wrong: string[] = [];
    for (const node of indexOf(workflow).nodes.values()) {
      const entry = prompt[String(node.id)];
      if (!entry || isVirtual(node.type) || node.mode === Mode.never || !catalogue.has(node.type)) continue;
      for (const widget of widgetsOf(node, undefined, around)) {
        const sent = entry.inputs[widget.name];
        if (sent === undefined || Array.isArray(sent) || widget.linked) continue;
        if (/[{%]|\/[/*]/.test(String(widget.value))) continue; // Such texts are resolved when they are sent.
        compared += 1;
        if (JSON.stringify(sent) !== JSON.stringify(widget.value)) {
          wrong.push(
            `${node.type} ${node.id} ${widget.name}: ${JSON.stringify(widget.value)} != ${JSON.stringify(sent)}`,
          );
        }
      }
    }
    expect(wrong).toEqual([]);
  });
});
