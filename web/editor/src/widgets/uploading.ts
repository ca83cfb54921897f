/** Sending a person's file to the server. */

import { ServerProblem } from "../api/server";
import type { Text } from "../i18n/messages";
import type { ShownFile } from "../state/runs";
import type { Studio } from "../state/studio";

/** What a widget takes files of. */
export type FileKind = "image" | "video" | "audio";

/** Why a file is not sent, in a sentence; null when nothing speaks against it. */
export async function refusal(studio: Studio, t: Text, kind: FileKind, file: File): Promise<string | null> {
  if (file.type !== "" && !file.type.startsWith(`${kind}/`)) return t(`widgets.not_${kind}`, { name: file.name });
  const { max_upload_size: most } = await studio.server.json<{ max_upload_size?: number }>("/api/features");
  if (most === undefined || file.size <= most) return null;
  return t("widgets.too_large", { name: file.name, size: megabytes(file.size), most: megabytes(most) });
}

/**
 * Send a file to a folder, `input` or `output`; `progress` is told what part has gone, 0 to 1.
 *
 * Throws a ServerProblem when the server refuses it or cannot be reached.
 */
export function sendFile(
  studio: Studio,
  file: File,
  folder: string,
  progress: (part: number) => void,
): Promise<ShownFile> {
  const form = new FormData();
  form.append("type", folder);
  form.append("image", file, file.name === "" ? "picture.png" : file.name);
  const request = new XMLHttpRequest(); // fetch does not tell how far it is
  return new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded, total }) => progress(total === 0 ? 0 : loaded / total);
    request.onerror = () => reject(new ServerProblem(0, "unreachable", "The server cannot be reached.", file.name));
    request.onload = () => {
      const answer = read(request.responseText);
      if (request.status === 200 && answer.name) {
        resolve({ filename: answer.name, subfolder: answer.subfolder ?? "", type: answer.type ?? folder });
      } else {
        const { message = `The server answered ${request.status}.`, details = "" } = answer.error ?? {};
        reject(new ServerProblem(request.status, "refused", message, details));
      }
    };
    request.open("POST", studio.server.address("/api/upload/image"));
    request.send(form);
  });
}

interface Answer {
  readonly name?: string;
  readonly subfolder?: string;
  readonly type?: string;
  readonly error?: { readonly message?: string; readonly details?: string };
}

function read(text: string): Answer {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return {}; // A proxy's page: the status has to do.
  }
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(bytes < 2 ** 20 ? 2 : 0);
}
