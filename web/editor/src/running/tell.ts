import type { SocketMessage } from "../api/socket";
import type { Studio } from "../state/studio";
import { told } from "./telling";

/** Take messages into the runs store; also those that were asked for instead of heard. */
export function tell(studio: Studio, messages: readonly SocketMessage[]): void {
  const { change, dropped } = told(studio.runs.getState(), messages, performance.now());
  studio.runs.setState(change);
  for (const url of dropped) URL.revokeObjectURL(url);
}
