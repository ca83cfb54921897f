/** What the websocket tells, kept in the `runs` store. */

import type { SocketMessage } from "../api/socket";
import type { Studio } from "../state/studio";
import type { NodeRun, ShownFile } from "../state/runs";

/** Follow the socket; the answer ends it. */
export function followRuns(studio: Studio): () => void {
  return studio.socket.listen({
    state: (connection) => studio.runs.setState({ connection }),
    message: (message) => receive(studio, message),
  });
}

function receive(studio: Studio, { type, data }: SocketMessage): void {
  const prompt = String(data["prompt_id"] ?? "");
  const node = String(data["display_node"] ?? data["node"] ?? "");
  switch (type) {
    case "executing":
      if (data["node"] != null) change(studio, prompt, node, { state: "running" });
      break;
    case "executed": {
      const images = (data["output"] as { images?: ShownFile[] } | undefined)?.images;
      change(studio, prompt, node, { state: "done", ...(images ? { files: images } : {}) });
      break;
    }
  }
}

function change(studio: Studio, prompt: string, node: string, fields: Partial<NodeRun>): void {
  const tab = studio.runs.getState().runs.get(prompt)?.tab;
  if (tab === undefined) return;
  studio.runs.setState((state) => {
    const nodes = new Map(state.nodes.get(tab));
    nodes.set(node, { state: "waiting", ...nodes.get(node), ...fields });
    return { nodes: new Map(state.nodes).set(tab, nodes) };
  });
}
