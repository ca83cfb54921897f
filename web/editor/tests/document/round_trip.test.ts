import { describe, expect, test } from "vitest";
import { moveNodes } from "../../src/document/commands/nodes";
import { edited } from "../../src/document/edit";
import { advance, begin, redo, undo } from "../../src/document/history";
import { readWorkflow } from "../../src/document/read";
import { keyOf, pair } from "../../src/document/workflow";
import { writeWorkflow } from "../../src/document/write";
import { ABSENT, uiNames, uiText } from "./reference";

describe.skipIf(ABSENT)(`round trip of reference files (${ABSENT ?? "present"})`, () => {
  test("there are 102 files", () => expect(uiNames().length).toBe(102));

  test.each(uiNames())("%s opens and is written as it was read, also after an edit was undone", (name) => {
    const text = uiText(name);
    const { workflow } = readWorkflow(text);
    expect(JSON.parse(writeWorkflow(workflow))).toEqual(JSON.parse(text));

    const first = workflow.nodes[0];
    if (!first) throw new Error("The file has no nodes.");
    const moved = edited(workflow, null, moveNodes([first.id], 10, 20));
    const history = undo(advance(begin(workflow), moved, "edit.move"));
    expect(JSON.parse(writeWorkflow(history.present.value))).toEqual(JSON.parse(text));

    const again = JSON.parse(writeWorkflow(redo(history).present.value)) as { nodes: unknown[] };
    const expected = JSON.parse(text) as { nodes: { id: number; pos: unknown }[] };
    const [x, y] = pair(first.pos);
    for (const node of expected.nodes) if (keyOf(node.id) === keyOf(first.id)) node.pos = [x + 10, y + 20];
    expect(again).toEqual(expected);
  });
});
