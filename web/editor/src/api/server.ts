/** The server's HTTP interface. Every refusal becomes a `ServerProblem` with sentences for people. */

/** What the server refused, or that it could not be reached (`status` 0). */
export class ServerProblem extends Error {
  constructor(
    readonly status: number,
    readonly kind: string,
    message: string,
    readonly details: string,
    /** The whole answer, for those who know more of it (`node_errors`). */
    readonly body: unknown = null,
  ) {
    super(message);
  }
}

export interface Asked {
  readonly method?: "GET" | "POST" | "PUT" | "DELETE" | "PATCH";
  /** Sent as JSON, unless it is a FormData, a Blob or a text. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export class Server {
  /** @param base where the server is: "" for the page's own origin. */
  constructor(readonly base: string = "") {}

  /** The address of a path of the API, for pictures and links. */
  address(path: string): string {
    return `${this.base}${path}`;
  }

  /**
   * Ask, and read the answer as JSON (null where it is empty).
   *
   * Throws a ServerProblem when the answer is a refusal or does not come.
   */
  async json<T>(path: string, asked: Asked = {}): Promise<T> {
    const response = await this.fetch(path, asked);
    const body = await response.text();
    try {
      return (body === "" ? null : JSON.parse(body)) as T;
    } catch {
      throw new ServerProblem(response.status, "not_json", "The server's answer cannot be read.", body.slice(0, 200));
    }
  }

  /** Ask, and give the answer as it comes; throws a ServerProblem as `json` does. */
  async fetch(path: string, asked: Asked = {}): Promise<Response> {
    const [body, type] = written(asked.body);
    let response: Response;
    try {
      response = await fetch(this.address(path), {
        method: asked.method ?? (asked.body === undefined ? "GET" : "POST"),
        headers: { ...(type ? { "Content-Type": type } : {}), ...asked.headers },
        body,
        signal: asked.signal ?? null,
      });
    } catch (error) {
      if (asked.signal?.aborted) throw error;
      throw new ServerProblem(0, "unreachable", "The server cannot be reached.", "Is it still running?");
    }
    if (!response.ok) throw await problemOf(response);
    return response;
  }
}

function written(body: unknown): [BodyInit | null, string | null] {
  if (body === undefined) return [null, null];
  if (body instanceof FormData || body instanceof Blob || typeof body === "string") return [body, null];
  return [JSON.stringify(body), "application/json"];
}

async function problemOf(response: Response): Promise<ServerProblem> {
  const text = await response.text().catch(() => "");
  let body: unknown = null;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's page, or nothing at all: the status has to do.
  }
  const error = (body as { error?: { type?: string; message?: string; details?: string } } | null)?.error;
  const message = error?.message ?? `The server answered ${response.status}.`;
  return new ServerProblem(response.status, error?.type ?? "refused", message, error?.details ?? "", body);
}
