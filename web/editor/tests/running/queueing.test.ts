// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type Asked, ServerProblem } from "../../src/api/server";
import { setWidgetValue } from "../../src/document/commands/nodes";
import { readCatalogue } from "../../src/document/schema";
import { autoQueue } from "../../src/running/auto_queue";
import { clearProblems } from "../../src/running/clearing";
import { queueActive } from "../../src/running/queueing";
import { tell } from "../../src/running/tell";
import { fetchTruth } from "../../src/running/truth";
import { activeTab, workflowOf } from "../../src/state/documents";
import { nodeRun } from "../../src/state/runs";
import { createStudio, type Studio } from "../../src/state/studio";

interface Sent {
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly headers: Readonly<Record<string, string>>;
}

type Answer = (path: string, body: Record<string, unknown>) => unknown;

const TYPES = readCatalogue({
  Sample: {
    input: {
      required: { seed: ["INT", { default: 0, min: 0, max: 1000 }], text: ["STRING", { dynamicPrompts: true }] },
    },
    output: [],
    output_node: true,
  },
});

function studioWith(answer: Answer): { studio: Studio; sent: Sent[] } {
  const studio = createStudio(window);
  studio.settings.change({ language: "en" });
  studio.catalogue.setState({ types: TYPES, loaded: true });
  studio.runs.setState({ connection: "open" });
  const node = { id: 1, type: "Sample", pos: [0, 0] as const, widgets_values: [5, "increment", "{a|b}"] };
  studio.documents.open({ nodes: [node], links: [], version: 0.4 }, { name: "test" });
  const sent: Sent[] = [];
  studio.server.json = async <T>(path: string, asked: Asked = {}): Promise<T> => {
    const body = (asked.body ?? {}) as Record<string, unknown>;
    sent.push({ path, body, headers: asked.headers ?? {} });
    return (await answer(path, body)) as T;
  };
  return { studio, sent };
}

const accept: Answer = (_path, body) => ({ prompt_id: body["prompt_id"], number: 0, node_errors: {} });
const prompts = (sent: readonly Sent[]) => sent.filter(({ path }) => path === "/api/prompt");
const values = (studio: Studio) => {
  const tab = activeTab(studio.documents.getState());
  return tab && workflowOf(tab).nodes[0]?.widgets_values;
};

beforeEach(() => sessionStorage.clear());
afterEach(() => vi.useRealTimers());

describe("queueing", () => {
  test("as often as was chosen, with the seed of each moved on and alternatives chosen", async () => {
    const { studio, sent } = studioWith(accept);
    expect(await queueActive(studio, { count: 3 })).toBe(true);
    const queued = prompts(sent).map(
      ({ body }) => (body["prompt"] as { nodes: { widgets_values: unknown[] }[] }).nodes[0]?.widgets_values ?? [],
    );
    expect(queued.map(([seed]) => seed)).toEqual([5, 6, 7]);
    expect(queued.every(([, , text]) => text === "a" || text === "b")).toBe(true);
    expect(values(studio)).toEqual([8, "increment", "{a|b}"]);
    expect(new Set(prompts(sent).map(({ body }) => body["prompt_id"])).size).toBe(3);
  });

  test("again after a lost answer sends the same body under the same key", async () => {
    let times = 0;
    const { studio, sent } = studioWith((path, body) => {
      if (path !== "/api/prompt") return { paused: null };
      times += 1;
      if (times === 1) throw new ServerProblem(0, "unreachable", "The server cannot be reached.", "");
      return accept(path, body);
    });
    studio.runs.setState({ connection: "lost" });
    expect(await queueActive(studio)).toBe(false);
    studio.ui.getState().notices.at(-1)?.action?.run();
    await vi.waitFor(() =>
      expect([...studio.runs.getState().runs.values()].map((run) => run.status)).toEqual(["queued"]),
    );
    const [first, second] = prompts(sent);
    expect(second?.body).toEqual(first?.body);
    expect(second?.headers["Idempotency-Key"]).toBe(first?.headers["Idempotency-Key"]);
  });

  test("a lost answer is cleared up when the server can be asked: it never had the job", async () => {
    const { studio } = studioWith((path) => {
      if (path === "/api/status") return { paused: "Because." };
      throw path === "/api/prompt"
        ? new ServerProblem(0, "unreachable", "Gone.", "")
        : new ServerProblem(404, "not_found", "None.", "");
    });
    studio.runs.setState({ connection: "lost" });
    await queueActive(studio);
    await fetchTruth(studio);
    expect([...studio.runs.getState().runs.values()].map((run) => run.status)).toEqual(["cancelled"]);
    expect(studio.runs.getState().paused).toBe("Because.");
  });

  test("a refusal stands on the node until the node is changed; moving it changes nothing", async () => {
    const errors = [
      { type: "required_input_missing", message: "m", details: "d", extra_info: { input_name: "model" } },
    ];
    const { studio } = studioWith((path) => {
      if (path === "/api/workflow/check") return { missing_types: [], missing_files: [] };
      throw new ServerProblem(400, "invalid", "No.", "", { node_errors: { 1: { errors } } });
    });
    const stop = clearProblems(studio);
    expect(await queueActive(studio)).toBe(false);
    const tab = studio.documents.getState().active ?? "";
    const problems = () => nodeRun(studio.runs.getState(), tab, "1")?.problems;
    expect(problems()).toMatchObject([{ input: "model" }]);
    expect(studio.runs.getState().runs.size).toBe(0);
    studio.documents.edit("edit.move", (graph) => {
      const [node] = graph.nodes;
      if (node) node.pos = [5, 5];
    });
    expect(problems()).toHaveLength(1);
    studio.documents.edit("edit.widget", setWidgetValue(1, "seed", 0, 9));
    expect(problems()).toEqual([]);
    stop();
  });
});

describe("queueing by itself", () => {
  test("on a change: once, never with one waiting already, and not for the seeds that it moves itself", async () => {
    vi.useFakeTimers();
    const { studio, sent } = studioWith(accept);
    const stop = autoQueue(studio);
    studio.runs.setState({ options: { count: 1, auto: "change" } });
    const write = async (text: string): Promise<void> => {
      studio.documents.edit("edit.widget", setWidgetValue(1, "text", 2, text));
      await vi.advanceTimersByTimeAsync(2000);
    };
    await write("one");
    expect(prompts(sent)).toHaveLength(1);
    await write("two");
    expect(prompts(sent)).toHaveLength(1);
    tell(studio, [{ type: "execution_start", data: { prompt_id: prompts(sent)[0]?.body["prompt_id"] } }]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(prompts(sent)).toHaveLength(2);
    stop();
  });

  test("endlessly: the next when the last has ended, and no more after a refusal", async () => {
    let refuse = false;
    const { studio, sent } = studioWith((path, body) => {
      if (refuse) throw new ServerProblem(400, "invalid", "No.", "", {});
      return accept(path, body);
    });
    const stop = autoQueue(studio);
    studio.runs.setState({ options: { count: 1, auto: "endless" } });
    await vi.waitFor(() => expect(prompts(sent)).toHaveLength(1));
    refuse = true;
    tell(studio, [{ type: "execution_success", data: { prompt_id: prompts(sent)[0]?.body["prompt_id"] } }]);
    await vi.waitFor(() => expect(studio.runs.getState().options.auto).toBe("off"));
    expect(prompts(sent)).toHaveLength(2);
    stop();
  });
});
