// @vitest-environment happy-dom

import { act } from "react";
import { afterEach, describe, expect, test } from "vitest";
import { workflowOf } from "../../src/state/documents";
import { type Inputs, nodeWith, press, show, type Shown, write } from "./studio";

let shown: Shown | null = null;
afterEach(() => {
  shown?.close();
  shown = null;
});

async function drawn(inputs: Inputs, ...rest: Parameters<typeof nodeWith>): Promise<Shown> {
  shown = await show(inputs, nodeWith(...rest));
  return shown;
}

function control(name: string): HTMLElement {
  const found = shown?.host.querySelector<HTMLElement>(`[data-widget="${name}"]`);
  if (!found) throw new Error(`There is no control ${name}.`);
  return found;
}

describe("a number", () => {
  const inputs = { steps: ["INT", { default: 20, min: 1, max: 100, tooltip: "How many." }] };

  test("tells what it is to those who cannot see it", async () => {
    await drawn(inputs, [30]);
    const row = control("steps");
    const attributes = ["role", "aria-label", "aria-valuenow", "aria-valuemin", "aria-valuemax", "title", "tabindex"];
    expect(attributes.map((name) => row.getAttribute(name))).toEqual([
      "spinbutton",
      "steps",
      "30",
      "1",
      "100",
      "How many.",
      "0",
    ]);
  });

  test("keys change it, and a run of them is one step of undoing", async () => {
    const { values, steps } = await drawn(inputs, [30]);
    for (let time = 0; time < 5; time += 1) await press(control("steps"), "ArrowUp");
    expect(values()).toEqual([35]);
    expect(steps()).toBe(1);
  });

  test("what is typed is worked out, kept within the limits, and nonsense is not kept", async () => {
    const { values } = await drawn(inputs, [30]);
    for (const [typed, kept] of [
      ["2*8", 16],
      ["1000", 100],
      ["much", 100],
    ] as const) {
      await press(control("steps"), "Enter");
      const field = control("steps").querySelector("input");
      if (!field) throw new Error("There is no field.");
      await write(field, typed);
      await press(field, "Enter");
      expect(values()).toEqual([kept]);
      expect(control("steps").querySelector("input")).toBeNull();
    }
  });

  test("Escape keeps the value", async () => {
    const { values, steps } = await drawn(inputs, [30]);
    await press(control("steps"), "5");
    const field = control("steps").querySelector("input");
    expect(field?.value).toBe("5");
    if (field) await press(field, "Escape");
    expect(values()).toEqual([30]);
    expect(steps()).toBe(0);
  });

  test("a value of another type is shown, marked and kept until it is changed", async () => {
    const { values } = await drawn(inputs, ["euler"]);
    expect(control("steps").getAttribute("aria-invalid")).toBe("true");
    expect(control("steps").textContent).toContain("euler");
    expect(values()).toEqual(["euler"]);
  });
});

describe("a seed", () => {
  const inputs = { seed: ["INT", { default: 0, min: 0, max: 2 ** 64 }] };

  test("of 2^64 - 1 is shown and kept with every digit", async () => {
    const { values } = await drawn(inputs, ["18446744073709551615", "fixed"]);
    expect(control("seed").textContent).toContain("18446744073709551615");
    await press(control("seed"), "ArrowDown");
    expect(values()).toEqual(["18446744073709551614", "fixed"]);
  });

  test("has a button for a new one, and one for what becomes of it", async () => {
    const { host, values } = await drawn(inputs, [5, "fixed"]);
    const [change, dice] = host.querySelectorAll<HTMLButtonElement>(".widget-line button");
    await act(async () => dice?.click());
    const [seed] = values() as [number];
    expect(Number.isSafeInteger(seed) && seed !== 5).toBe(true);
    if (change) await press(change, "ArrowRight");
    expect(values()).toEqual([seed, "increment"]);
  });

  test("shows the one that the last run used, and goes back to it", async () => {
    const { host, studio, values } = await drawn(inputs, [5, "randomize"]);
    const { tabs } = studio.documents.getState();
    const workflow = { nodes: [nodeWith([77, "randomize"])], links: [] };
    const run = { prompt: "p", tab: tabs[0]?.id ?? "", workflow, status: "success" as const };
    const runs = new Map([["p", { ...run, secondsLeft: null, secondsTotal: null }]]);
    await act(async () => studio.runs.setState({ runs } as unknown as Parameters<typeof studio.runs.setState>[0]));
    const used = host.querySelector<HTMLButtonElement>("button.used");
    expect(used?.textContent).toContain("77");
    await act(async () => used?.click());
    expect(values()).toEqual([77, "fixed"]);
    expect(host.querySelector("button.used")).toBeNull();
  });
});

describe("a choice", () => {
  const inputs = { sampler: [["euler", "heun", "dpm_2"], {}] };

  test("opens a list, narrows it by what is typed, and takes one", async () => {
    const { values } = await drawn(inputs, ["euler"]);
    await press(control("sampler"), "Enter");
    const search = document.querySelector<HTMLInputElement>('.popover input[role="combobox"]');
    if (!search) throw new Error("There is no list.");
    await write(search, "dp");
    expect([...document.querySelectorAll('[role="option"]')].map((one) => one.textContent)).toEqual(["dpm_2"]);
    await press(search, "Enter");
    expect(values()).toEqual(["dpm_2"]);
    expect(document.querySelector(".popover")).toBeNull();
  });

  test("Left and Right step through it", async () => {
    const { values } = await drawn(inputs, ["heun"]);
    await press(control("sampler"), "ArrowRight");
    await press(control("sampler"), "ArrowRight");
    expect(values()).toEqual(["dpm_2"]);
    await press(control("sampler"), "ArrowLeft");
    expect(values()).toEqual(["heun"]);
  });

  test("that is not there is marked and kept", async () => {
    const { values } = await drawn(inputs, ["gone.safetensors"]);
    expect(control("sampler").getAttribute("aria-label")).toContain("not on this server");
    expect(values()).toEqual(["gone.safetensors"]);
  });

  test("of 5,000 draws only the lines that are seen", async () => {
    const many = Array.from({ length: 5000 }, (_, place) => `m${place}`);
    await drawn({ model: [many, {}] }, ["m4000"]);
    await press(control("model"), "Enter");
    expect(document.querySelectorAll('[role="option"]').length).toBeLessThan(40);
  });
});

describe("a text", () => {
  const inputs = { text: ["STRING", { multiline: true }] };
  const area = (): HTMLTextAreaElement => control("text") as HTMLTextAreaElement;

  test("typing goes into the document as one step, and undoing in the field undoes it", async () => {
    const { values, steps } = await drawn(inputs, ["a"]);
    await act(async () => area().focus());
    await write(area(), "a b");
    await write(area(), "a bc");
    expect(values()).toEqual(["a bc"]);
    expect(steps()).toBe(1);
    expect(await press(area(), "z", { ctrlKey: true })).toBe(false);
    expect([values(), area().value]).toEqual([["a"], "a"]);
  });

  test("Ctrl+Up weighs the word at the caret, as a step of its own", async () => {
    const { values, steps } = await drawn(inputs, ["a cat"]);
    await act(async () => area().focus());
    area().setSelectionRange(4, 4);
    await press(area(), "ArrowUp", { ctrlKey: true });
    await press(area(), "ArrowUp", { ctrlKey: true });
    expect(values()).toEqual(["a (cat:1.1)"]);
    expect(steps()).toBe(1);
    expect([area().selectionStart, area().selectionEnd]).toEqual([2, 11]);
  });

  test("Ctrl+Enter is left for queueing", async () => {
    await drawn(inputs, ["a"]);
    expect(await press(area(), "Enter", { ctrlKey: true })).toBe(true);
  });
});

test("a switch has the words of its type", async () => {
  const { values } = await drawn({ on: ["BOOLEAN", { label_on: "yes", label_off: "never" }] }, [false]);
  expect([control("on").getAttribute("aria-checked"), control("on").textContent]).toEqual(["false", "onnever"]);
  await press(control("on"), " ");
  expect([control("on").getAttribute("aria-checked"), control("on").textContent]).toEqual(["true", "onyes"]);
  expect(values()).toEqual([true]);
});

test("a colour is typed in hexadecimal and kept as the type keeps it", async () => {
  const { values } = await drawn({ tint: ["INT", { display: "color" }] }, [0xff0000]);
  const field = control("tint").querySelector<HTMLInputElement>("input.widget-entry");
  if (!field) throw new Error("There is no field.");
  expect(field.value).toBe("#ff0000");
  await act(async () => field.focus());
  await write(field, "0f8");
  await act(async () => field.blur());
  expect(values()).toEqual([0x00ff88]);
});

test("a linked widget says from where, and has no field", async () => {
  const inputs = { steps: ["INT", {}] };
  const input = { name: "steps", type: "INT", link: 9, widget: { name: "steps" } };
  const other = {
    id: 2,
    type: "Source",
    title: "My number",
    pos: [0, 0] as const,
    outputs: [{ name: "n", type: "INT", links: [9] }],
  };
  const node = nodeWith([20], { inputs: [input] });
  shown = await show(inputs, node, { nodes: [node, other], links: [[9, 2, 0, 1, 0, "INT"]] });
  expect(control("steps").textContent).toBe("stepsfrom My number");
  expect(shown.host.querySelector("input, [tabindex]")).toBeNull();
});

test("what is wrong with an input is told by its control", async () => {
  const { studio } = await drawn({ steps: ["INT", {}], cfg: ["FLOAT", {}] }, [20, 8]);
  const tab = studio.documents.getState().active ?? "";
  const problems = [{ message: "Value too large", details: "at most 10", input: "steps" }];
  await act(async () =>
    studio.runs.setState({ nodes: new Map([[tab, new Map([["1", { state: "failed" as const, problems }]])]]) }),
  );
  const described = control("steps").getAttribute("aria-describedby") ?? "";
  expect(control("steps").getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(described)?.textContent).toBe("Value too large at most 10");
  expect(control("cfg").getAttribute("aria-invalid")).toBeNull();
});

test("values of an unknown type are shown and cannot be changed", async () => {
  const { host } = await drawn({}, ["hello", 5, { a: 1 }], { type: "Nobody" });
  expect(host.textContent).toContain("hello");
  expect(host.textContent).toContain('{"a":1}');
  expect(host.querySelector("input, textarea, [tabindex='0']")).toBeNull();
});

test("values kept by name are changed by name", async () => {
  const { values } = await drawn({ rate: ["INT", {}] }, { rate: 24, other: "stays" });
  await press(control("rate"), "ArrowUp");
  expect(values()).toEqual({ rate: 25, other: "stays" });
});

test("a widget that a subgraph shows changes the node inside, and undoing brings it back", async () => {
  const inside = {
    id: "sub",
    name: "Inside",
    nodes: [{ ...nodeWith([20]), id: 7 }],
    links: [],
    inputNode: { id: -10, bounding: [0, 0, 1, 1] },
    outputNode: { id: -20, bounding: [0, 0, 1, 1] },
  };
  const instance = { ...nodeWith([]), type: "sub", properties: { proxyWidgets: [["7", "steps"]] } };
  shown = await show({ steps: ["INT", { max: 100 }] }, instance, { definitions: { subgraphs: [inside] } });
  const { studio } = shown;
  const value = (): unknown => {
    const tab = studio.documents.getState().tabs[0];
    return tab && workflowOf(tab).definitions?.subgraphs?.[0]?.nodes[0]?.widgets_values;
  };
  await press(control("steps"), "PageUp");
  expect(value()).toEqual([30]);
  expect(control("steps").getAttribute("aria-valuenow")).toBe("30");
  await act(async () => studio.documents.undo());
  expect(value()).toEqual([20]);
  expect(control("steps").getAttribute("aria-valuenow")).toBe("20");
});

test("a primitive has the control of the widget that it feeds", async () => {
  const target = {
    ...nodeWith(["euler"]),
    id: 2,
    inputs: [{ name: "sampler", type: "COMBO", link: 9, widget: { name: "sampler" } }],
  };
  const primitive = {
    ...nodeWith(["heun", "fixed"]),
    type: "PrimitiveNode",
    outputs: [{ name: "COMBO", type: "COMBO", links: [9], widget: { name: "sampler" } }],
  };
  const rest = { nodes: [primitive, target], links: [[9, 1, 0, 2, 0, "COMBO"]] as const };
  shown = await show({ sampler: [["euler", "heun", "dpm_2"], {}] }, primitive, rest);
  await press(control("value"), "ArrowRight");
  expect(shown.values()).toEqual(["dpm_2", "fixed"]);
});
