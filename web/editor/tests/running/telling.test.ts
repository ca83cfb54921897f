import { describe, expect, test } from "vitest";
import type { SocketMessage } from "../../src/api/socket";
import { told } from "../../src/running/telling";
import { FIRST_STATE, nodeRun, type Run, type RunsState } from "../../src/state/runs";
import cached from "./recorded/cached.json";
import cancelled from "./recorded/cancelled.json";
import failed from "./recorded/failed.json";
import plain from "./recorded/plain.json";

const TAB = "tab";
const WORKFLOW = { nodes: [], links: [] };

function queued(prompt: string, more: Partial<Run> = {}): Run {
  return { prompt, tab: TAB, workflow: WORKFLOW, status: "queued", secondsLeft: null, secondsTotal: null, ...more };
}

function stateWith(...runs: readonly Run[]): RunsState {
  return { ...FIRST_STATE, runs: new Map(runs.map((run) => [run.prompt, run])) };
}

function after(state: RunsState, messages: readonly SocketMessage[]): RunsState {
  return { ...state, ...told(state, messages, 0).change };
}

const statesOf = (state: RunsState) =>
  Object.fromEntries([...(state.nodes.get(TAB) ?? [])].map(([id, node]) => [id, node.state]));

describe("recorded runs", () => {
  test("a run ends with every node done or cached, its pictures, times and reasons", () => {
    const state = after(stateWith(queued("job-plain")), plain);
    expect(state.runs.get("job-plain")?.status).toBe("success");
    expect(statesOf(state)).toEqual({
      3: "done",
      4: "cached",
      5: "cached",
      6: "done",
      7: "done",
      8: "done",
      9: "done",
    });
    expect(nodeRun(state, TAB, "9")?.files).toEqual([{ filename: "rec_00001_.png", subfolder: "", type: "output" }]);
    expect(nodeRun(state, TAB, "3")?.seconds).toBeGreaterThan(0);
    expect(nodeRun(state, TAB, "4")?.why).toContain("its result was known");
    expect(state.remaining).toBe(0);
    expect(state.endings).toBeGreaterThan(0);
  });

  test("one message at a time leads to the same as all at once", () => {
    const start = stateWith(queued("job-plain"));
    expect(plain.reduce((state, message) => after(state, [message]), start)).toEqual(after(start, plain));
  });

  test("while it runs the sampler is running, with its steps, and the time left is known", () => {
    const third = plain.findIndex(({ type, data }) => type === "progress" && "value" in data && data.value === 3);
    const state = after(stateWith(queued("job-plain")), plain.slice(0, third + 1));
    expect(state.runs.get("job-plain")).toMatchObject({
      status: "running",
      secondsLeft: 0.33,
      secondsTotal: 0.43,
      measured: false,
    });
    expect(nodeRun(state, TAB, "3")).toMatchObject({ state: "running", value: 3, max: 4 });
  });

  test("when nothing had to run, every node says so, and the picture is there", () => {
    const state = after(stateWith(queued("job-cached")), cached);
    const states = Object.values(statesOf(state));
    expect(states.filter((one) => one === "cached").length).toBeGreaterThanOrEqual(6);
    expect(states).not.toContain("running");
    expect(nodeRun(state, TAB, "9")?.files).toHaveLength(1);
  });

  test("a cancelled run leaves nothing running", () => {
    const state = after(stateWith(queued("job-cancelled")), cancelled);
    expect(state.runs.get("job-cancelled")?.status).toBe("cancelled");
    expect(Object.values(statesOf(state))).not.toContain("running");
  });

  test("a failure stands on its node and the input that it concerns", () => {
    const state = after(stateWith(queued("job-failed")), failed);
    expect(state.runs.get("job-failed")?.status).toBe("error");
    const node = nodeRun(state, TAB, "1");
    expect(node?.state).toBe("failed");
    expect(node?.problems).toMatchObject([{ input: "image", message: expect.stringContaining("not a picture") }]);
  });

  test("what is told of jobs of others changes nothing but the count", () => {
    const state = after(stateWith(queued("another")), plain);
    expect(state.nodes.size).toBe(0);
    expect(state.runs.get("another")?.status).toBe("queued");
  });
});

describe("results and pictures of work in progress", () => {
  const preview = (url: string) => ({ type: "weft.preview", data: { prompt_id: "a", node: "3", url } });
  const executing = { type: "executing", data: { prompt_id: "a", node: "3" } };

  test("a picture of work in progress is let go when the next comes, and when the run ends", () => {
    const start = after(stateWith(queued("a")), [executing, preview("blob:1")]);
    const { change, dropped } = told(
      start,
      [preview("blob:2"), { type: "execution_success", data: { prompt_id: "a" } }],
      0,
    );
    expect(dropped).toEqual(["blob:1", "blob:2"]);
    expect(nodeRun({ ...start, ...change }, TAB, "3")).toMatchObject({ preview: null, state: "done" });
  });

  test("a picture for a run that nobody knows is let go at once", () => {
    expect(told(FIRST_STATE, [preview("blob:1")], 0).dropped).toEqual(["blob:1"]);
  });

  test("results stay while a later run is at work, until it has its own", () => {
    const done = after(stateWith(queued("job-plain"), queued("b")), plain);
    const running = after(done, [
      { type: "execution_start", data: { prompt_id: "b" } },
      { type: "executing", data: { prompt_id: "b", node: "9" } },
    ]);
    expect(nodeRun(running, TAB, "9")?.files).toHaveLength(1);
    const output = { images: [{ filename: "new.png" }], text: ["hello"] };
    const after2 = after(running, [{ type: "executed", data: { prompt_id: "b", node: "9", output } }]);
    expect(nodeRun(after2, TAB, "9")).toMatchObject({
      files: [{ filename: "new.png", type: "output" }],
      texts: ["hello"],
    });
  });

  test("pictures over the websocket go to the node that runs", () => {
    const state = after(stateWith(queued("a", { status: "running" })), [
      executing,
      { type: "weft.picture", data: { url: "blob:p" } },
    ]);
    expect(nodeRun(state, TAB, "3")?.streamed).toEqual(["blob:p"]);
  });
});

describe("subgraphs and expansions", () => {
  test("an instance runs while something inside runs, shows what is made inside, and sums what it took", () => {
    const start = after(stateWith(queued("a")), [{ type: "executing", data: { prompt_id: "a", node: "5:7:3" } }]);
    expect(statesOf(start)).toEqual({ "5:7:3": "running", "5:7": "running", 5: "running" });
    const state = after(start, [
      { type: "executed", data: { prompt_id: "a", node: "5:7:3", output: { images: [{ filename: "x.png" }] } } },
      {
        type: "weft_node_report",
        data: {
          prompt_id: "a",
          nodes: {
            "5:7:3": { state: "ran", seconds: 1.5, peak_bytes: 10 },
            "5:8": { state: "ran", seconds: 2, peak_bytes: 30 },
          },
        },
      },
    ]);
    expect(nodeRun(state, TAB, "5")).toMatchObject({ state: "done", peakBytes: 30, files: [{ filename: "x.png" }] });
    expect(nodeRun(state, TAB, "5:7")?.seconds).toBe(1.5);
  });

  test("nodes that a node makes while it runs stand for it, and their end is not its end", () => {
    const nodes = { "2.0.0.1": { state: "finished", value: 1, max: 1, display_node_id: "2" } };
    const state = after(stateWith(queued("a")), [
      { type: "executing", data: { prompt_id: "a", node: "2.0.0.1", display_node: "2" } },
      { type: "progress_state", data: { prompt_id: "a", nodes } },
    ]);
    expect(statesOf(state)).toEqual({ 2: "running" });
  });

  test("a node that was added to show a result stands for the node whose result it is", () => {
    const run = queued("a", { probes: new Map([["99", "8"]]) });
    const state = after(stateWith(run), [
      { type: "executed", data: { prompt_id: "a", node: "99", output: { images: [{ filename: "x.png" }] } } },
    ]);
    expect(nodeRun(state, TAB, "8")?.files).toHaveLength(1);
    expect(nodeRun(state, TAB, "99")).toBeUndefined();
  });
});

test("a lost connection in the middle of a run: what is asked for afterwards completes it", () => {
  const middle = plain.findIndex(({ type }) => type === "progress");
  const lost = after(stateWith(queued("job-plain")), plain.slice(0, middle));
  const learnt = after(lost, [
    { type: "executed", data: { prompt_id: "job-plain", node: "9", output: { images: [{ filename: "x.png" }] } } },
    { type: "execution_success", data: { prompt_id: "job-plain" } },
  ]);
  expect(learnt.runs.get("job-plain")?.status).toBe("success");
  expect(Object.values(statesOf(learnt))).not.toContain("running");
  expect(nodeRun(learnt, TAB, "9")?.files).toHaveLength(1);
});

test("a hundred messages copy the nodes of a tab once", () => {
  const nodes = new Map(Array.from({ length: 1000 }, (_, id) => [String(id), { state: "waiting" as const }]));
  const state = { ...stateWith(queued("a")), nodes: new Map([[TAB, nodes]]) };
  const messages = Array.from({ length: 100 }, (_, value) => ({
    type: "progress",
    data: { prompt_id: "a", node: "3", value, max: 100 },
  }));
  const { change } = told(state, messages, 0);
  expect(change.nodes?.get(TAB)?.get("3")).toMatchObject({ value: 99, state: "running" });
  expect(change.nodes?.get(TAB)?.get("4")).toBe(nodes.get("4"));
  expect(nodes.get("3")).toEqual({ state: "waiting" });
});

describe("a worker that dies", () => {
  const start: SocketMessage = { type: "execution_start", data: { prompt_id: "job" } };
  const executing = (node: string): SocketMessage => ({ type: "executing", data: { prompt_id: "job", node } });

  test("nothing of the first attempt runs any more when the second begins", () => {
    const state = after(stateWith(queued("job")), [start, executing("3"), start, executing("4")]);
    expect(statesOf(state)).toEqual({ 3: "waiting", 4: "running" });
  });

  test("the node at which it died says so, and so does the run", () => {
    const data = { prompt_id: "job", node_id: "", exception_message: "The worker died.", exception_type: "WorkerDied" };
    const state = after(stateWith(queued("job")), [start, executing("5:3"), { type: "execution_error", data }]);
    const problem = { message: "The worker died.", details: "WorkerDied", input: null };
    expect(nodeRun(state, TAB, "5:3")?.problems).toEqual([problem]);
    expect(nodeRun(state, TAB, "5")?.problems?.[0]?.message).toBe("The worker died.");
    expect(state.runs.get("job")).toMatchObject({ status: "error", failure: "The worker died." });
  });
});
