/** A change of the runs store in the making: what is touched is copied once, however many messages touch it. */

import type { NodeRun, Run, RunsState } from "../state/runs";

/** Ended runs that are kept, for what is looked at later. */
const MOST_RUNS = 200;

export class Changes {
  private runs: Map<string, Run> | null = null;
  private nodes: Map<string, Map<string, NodeRun>> | null = null;
  private readonly copied = new Set<string>();
  private fields: Partial<RunsState> = {};
  /** Object URLs that nothing shows any more. */
  readonly dropped: string[] = [];

  constructor(private readonly before: RunsState) {}

  /** What `setState` is given. */
  result(): Partial<RunsState> {
    return {
      ...this.fields,
      ...(this.runs ? { runs: this.runs } : {}),
      ...(this.nodes ? { nodes: this.nodes } : {}),
    };
  }

  set(fields: Partial<RunsState>): void {
    this.fields = { ...this.fields, ...fields };
  }

  get now(): RunsState {
    return { ...this.before, ...this.result() };
  }

  run(prompt: string): Run | undefined {
    return (this.runs ?? this.before.runs).get(prompt);
  }

  changeRun(prompt: string, fields: Partial<Run>): void {
    const run = this.run(prompt);
    if (run) this.putRun({ ...run, ...fields });
  }

  putRun(run: Run): void {
    this.runs ??= new Map(this.before.runs);
    this.runs.set(run.prompt, run);
    if (this.runs.size <= MOST_RUNS) return;
    for (const [prompt, old] of this.runs) {
      if (this.runs.size <= MOST_RUNS) break;
      if (["success", "error", "cancelled"].includes(old.status)) this.runs.delete(prompt);
    }
  }

  removeRun(prompt: string): void {
    this.runs ??= new Map(this.before.runs);
    this.runs.delete(prompt);
  }

  nodesOf(tab: string): ReadonlyMap<string, NodeRun> {
    return (this.nodes ?? this.before.nodes).get(tab) ?? new Map<string, NodeRun>();
  }

  /** Change fields of a node's record; a picture of work in progress that is replaced is let go. */
  changeNode(tab: string, node: string, fields: Partial<NodeRun>): void {
    const nodes = this.writableNodes(tab);
    const known = nodes.get(node);
    if (known) this.drop(known, fields);
    nodes.set(node, { state: "waiting", ...known, ...fields });
  }

  removeNodes(tab: string): void {
    for (const node of this.nodesOf(tab).values()) this.drop(node, { preview: null, streamed: [] });
    this.nodes ??= new Map(this.before.nodes as ReadonlyMap<string, Map<string, NodeRun>>);
    this.nodes.delete(tab);
  }

  private drop(known: NodeRun, fields: Partial<NodeRun>): void {
    if ("preview" in fields && known.preview && known.preview !== fields.preview) this.dropped.push(known.preview);
    if (!("streamed" in fields)) return;
    const kept = new Set(fields.streamed);
    for (const url of known.streamed ?? []) if (!kept.has(url)) this.dropped.push(url);
  }

  private writableNodes(tab: string): Map<string, NodeRun> {
    this.nodes ??= new Map(this.before.nodes as ReadonlyMap<string, Map<string, NodeRun>>);
    const known = this.nodes.get(tab);
    if (known && this.copied.has(tab)) return known;
    const copy = new Map(known);
    this.copied.add(tab);
    this.nodes.set(tab, copy);
    return copy;
  }
}
