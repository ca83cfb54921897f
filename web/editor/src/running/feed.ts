/** What the websocket tells, kept in the `runs` store. */

import type { SocketMessage, SocketPicture } from "../api/socket";
import type { Studio } from "../state/studio";
import { Frames } from "./frames";
import { autoQueue } from "./auto_queue";
import { clearProblems } from "./clearing";
import { takePictureDrops } from "./picture_drops";
import { tell } from "./tell";
import { fetchTruth } from "./truth";
import { announceRuns } from "./announcing";

type Heard = { readonly message: SocketMessage } | { readonly picture: SocketPicture };

/** Follow the socket, and do what follows from what it tells; the answer ends it. */
export function followRuns(studio: Studio): () => void {
  const stops = [
    followSocket(studio),
    clearProblems(studio),
    autoQueue(studio),
    announceRuns(studio),
    takePictureDrops(studio),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function followSocket(studio: Studio): () => void {
  const frames = new Frames<Heard>((heard) => take(studio, heard));
  return studio.socket.listen({
    state(connection) {
      studio.runs.setState({ connection });
      if (connection === "open") void fetchTruth(studio);
    },
    message: (message) => frames.add({ message }),
    picture: (picture) => frames.add({ picture }),
  });
}

function take(studio: Studio, heard: readonly Heard[]): void {
  const newest = newestPreviews(heard);
  const messages = heard.flatMap((one) =>
    "message" in one ? one.message : (pictureMessage(one.picture, newest) ?? []),
  );
  tell(studio, messages);
}

/** Of several previews of a node within one frame only the last is worth decoding. */
function newestPreviews(heard: readonly Heard[]): ReadonlySet<SocketPicture> {
  const newest = new Map<string, SocketPicture>();
  for (const one of heard) if ("picture" in one && isPreview(one.picture)) newest.set(nodeOf(one.picture), one.picture);
  return new Set(newest.values());
}

function pictureMessage(picture: SocketPicture, newest: ReadonlySet<SocketPicture>): SocketMessage | null {
  if (!isPreview(picture)) return { type: "weft.picture", data: { url: URL.createObjectURL(picture.picture) } };
  if (!newest.has(picture)) return null;
  const url = URL.createObjectURL(picture.picture);
  return { type: "weft.preview", data: { prompt_id: picture.metadata["prompt_id"], node: nodeOf(picture), url } };
}

/** Previews come with what they are of; pictures without are results. */
function isPreview(picture: SocketPicture): boolean {
  return "prompt_id" in picture.metadata;
}

function nodeOf(picture: SocketPicture): string {
  return String(picture.metadata["display_node_id"] ?? picture.metadata["node_id"] ?? "");
}
