// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Action } from "../../src/actions/action";
import { ACTIONS } from "../../src/actions/all";
import { combinationOf, listenToKeys } from "../../src/actions/keys";
import { textIn } from "../../src/i18n/messages";
import { keyNames } from "../../src/shell/key_names";
import type { Studio } from "../../src/state/studio";

describe("the keys of all actions", () => {
  it("are taken once, among those that hold at the same time", () => {
    const taken = new Map<string, string>();
    const clashes: string[] = [];
    for (const action of ACTIONS.filter((one) => one.when === undefined)) {
      for (const keys of action.keys ?? []) {
        const other = taken.get(keys);
        if (other !== undefined) clashes.push(`${keys}: ${other}, ${action.id}`);
        taken.set(keys, action.id);
      }
    }
    expect(clashes).toEqual([]);
  });
  it("belong to actions with names of their own", () => {
    const ids = ACTIONS.map((action) => action.id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("listening", () => {
  const done: string[] = [];
  const action = (id: string, fields: Partial<Action>): Action => ({
    id,
    title: "shell.close",
    run: () => void done.push(id),
    ...fields,
  });
  let stop = (): void => undefined;
  beforeEach(() => {
    done.length = 0;
    stop = listenToKeys(document, {} as Studio, [
      action("never", { keys: ["Delete"], when: () => false }),
      action("delete", { keys: ["Delete"] }),
      action("save", { keys: ["Ctrl+S"], inText: true }),
    ]);
  });
  afterEach(() => stop());

  const press = (key: string, on: EventTarget, fields: KeyboardEventInit = {}): void => {
    on.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...fields }));
  };
  it("runs the first action that can be done", () => {
    press("Delete", document.body);
    expect(done).toEqual(["delete"]);
  });
  it("leaves text fields their keys, but for those that hold there too", () => {
    const field = document.body.appendChild(document.createElement("textarea"));
    press("Delete", field);
    press("s", field, { metaKey: true });
    expect(done).toEqual(["save"]);
  });
  it("writes combinations in one way", () => {
    expect(combinationOf(new KeyboardEvent("keydown", { key: "z", ctrlKey: true, shiftKey: true }))).toBe(
      "Ctrl+Shift+Z",
    );
    expect(combinationOf(new KeyboardEvent("keydown", { key: " " }))).toBe("Space");
    expect(keyNames("Ctrl++", textIn("en"))).toEqual(["Ctrl", "+"]);
    expect(keyNames("Ctrl+Shift+ArrowUp", textIn("de"))).toEqual(["Strg", "Umschalt", "↑"]);
  });
});
