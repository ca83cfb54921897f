/** The websocket: what the server tells as it happens. It comes back by itself when the connection is lost. */

export type SocketState = "connecting" | "open" | "lost";

/** A text message, as `docs/api.md` lists them. */
export interface SocketMessage {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A picture of work in progress. */
export interface SocketPicture {
  readonly picture: Blob;
  /** Of previews with metadata: `node_id`, `display_node_id`, `prompt_id`. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface SocketListener {
  message?(message: SocketMessage): void;
  picture?(picture: SocketPicture): void;
  state?(state: SocketState): void;
}

/** What this editor understands beyond the usual messages. */
const FEATURES = {
  supports_preview_metadata: true,
  weft_progress_deltas: true,
  weft_node_reports: true,
  weft_eta: true,
};
const LONGEST_WAIT = 5000; // ms between attempts
const PREVIEW = 1;
const PREVIEW_WITH_METADATA = 4;

export class Socket {
  private listeners = new Set<SocketListener>();
  private socket: WebSocket | null = null;
  private attempts = 0;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private closed = false;
  state: SocketState = "connecting";

  /** @param clientId names this page; prompts queued under it are told to it. */
  constructor(
    private readonly address: string,
    readonly clientId: string,
  ) {}

  /** Be told; the answer ends it. */
  listen(listener: SocketListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  open(): void {
    const socket = new WebSocket(`${this.address}?clientId=${encodeURIComponent(this.clientId)}`);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    socket.onopen = () => {
      this.attempts = 0;
      socket.send(JSON.stringify({ type: "feature_flags", data: FEATURES }));
      this.become("open");
    };
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = () => this.retry();
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private retry(): void {
    if (this.closed) return;
    this.become("lost");
    const wait = Math.min(LONGEST_WAIT, 250 * 2 ** this.attempts);
    this.attempts += 1;
    this.timer = setTimeout(() => this.open(), wait);
  }

  private become(state: SocketState): void {
    this.state = state;
    for (const listener of this.listeners) listener.state?.(state);
  }

  private receive(data: unknown): void {
    if (data instanceof ArrayBuffer) {
      const picture = readPicture(data);
      if (picture) for (const listener of this.listeners) listener.picture?.(picture);
      return;
    }
    const message = JSON.parse(String(data)) as SocketMessage;
    for (const listener of this.listeners) listener.message?.(message);
  }
}

/** A binary frame (API_FACTS 3.3): its kind, then by kind a media type or metadata, then the picture. */
export function readPicture(data: ArrayBuffer): SocketPicture | null {
  const view = new DataView(data);
  const kind = view.getUint32(0);
  if (kind === PREVIEW) {
    const type = view.getUint32(4) === 2 ? "image/png" : "image/jpeg";
    return { picture: new Blob([data.slice(8)], { type }), metadata: {} };
  }
  if (kind !== PREVIEW_WITH_METADATA) return null;
  const length = view.getUint32(4);
  const metadata = JSON.parse(new TextDecoder().decode(data.slice(8, 8 + length))) as Record<string, unknown>;
  return {
    picture: new Blob([data.slice(8 + length)], { type: String(metadata["image_type"] ?? "image/jpeg") }),
    metadata,
  };
}
