// @vitest-environment happy-dom

import { act } from "react";
import { expect, test } from "vitest";
import { ServerProblem } from "../../src/api/server";
import type { Studio } from "../../src/state/studio";
import { WIDGET_ACTIONS } from "../../src/widgets/actions";
import { textIn } from "../../src/i18n/messages";
import { refusal } from "../../src/widgets/uploading";
import { nodeWith, show } from "./studio";

async function run(studio: Studio, id: string): Promise<void> {
  await act(async () => WIDGET_ACTIONS.find((action) => action.id === id)?.run(studio));
}

test("new seeds come to all nodes, or to the selected ones, as one step", async () => {
  const inputs = { seed: ["INT", { min: 0, max: 2 ** 64 }], steps: ["INT", {}] };
  const shown = await show(inputs, nodeWith([5, "fixed", 20]));
  await run(shown.studio, "widgets.new_seeds");
  const [seed, ...others] = shown.values() as unknown[];
  expect(seed).not.toBe(5);
  expect(others).toEqual(["fixed", 20]);
  expect(shown.steps()).toBe(1);
  shown.studio.documents.select({ nodes: new Set(["2"]) });
  await run(shown.studio, "widgets.new_seeds");
  expect((shown.values() as unknown[])[0]).toBe(seed);
  shown.close();
});

test("a server that does not answer is told, and the choices stay", async () => {
  const shown = await show({ size: [["a", "b"], {}] }, nodeWith(["a"]));
  const { studio } = shown;
  const types = studio.catalogue.getState().types;
  const load = studio.catalogue.load;
  Object.assign(studio.catalogue, {
    load: () => Promise.reject(new ServerProblem(0, "unreachable", "No answer.", "")),
  });
  await run(studio, "widgets.refresh");
  expect(studio.ui.getState().notices.map(({ tone, text }) => [tone, text])).toEqual([["problem", "No answer."]]);
  expect(studio.catalogue.getState().types).toBe(types);
  Object.assign(studio.catalogue, { load });
  shown.close();
});

test("files of the wrong kind or size are refused in a sentence, before they are sent", async () => {
  const studio = { server: { json: async () => ({ max_upload_size: 10 * 2 ** 20 }) } } as unknown as Studio;
  const file = (name: string, type: string, size: number): File => {
    const made = new File([], name, { type });
    Object.defineProperty(made, "size", { value: size });
    return made;
  };
  const t = textIn("en");
  expect(await refusal(studio, t, "image", file("a.txt", "text/plain", 1))).toBe(
    "a.txt is not a picture, so it was not uploaded.",
  );
  expect(await refusal(studio, t, "image", file("b.png", "image/png", 20 * 2 ** 20))).toContain(
    "b.png has 20 MB, but the server takes no more than 10 MB.",
  );
  expect(await refusal(studio, t, "image", file("c.png", "image/png", 5))).toBeNull();
});
