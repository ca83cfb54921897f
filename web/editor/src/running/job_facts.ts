/** What people know a job by. */

import type { ApiPrompt, JobDetail, JobRow } from "../api/jobs";
import type { Catalogue } from "../document/schema";
import type { ShownFile } from "../state/runs";
import { readFile } from "./outputs";

const LONGEST = 120; // characters

/** The beginning of its longest text that a person wrote (a text area's); "" where it has none. */
export function excerptOf(prompt: ApiPrompt, types: Catalogue): string {
  let longest = "";
  for (const { class_type: type, inputs } of Object.values(prompt)) {
    for (const spec of types.get(type)?.inputs ?? []) {
      const value = inputs[spec.name];
      if (spec.multiline && typeof value === "string" && value.length > longest.length) longest = value;
    }
  }
  const line = longest.replaceAll(/\s+/g, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line;
}

/** The picture that stands for it; null where it made none. */
export function pictureOf(job: JobRow): ShownFile | null {
  const file = job.preview_output?.mediaType === "images" ? readFile(job.preview_output) : null;
  return file;
}

/** All pictures that it made, in the order of its nodes. */
export function picturesOf(job: JobDetail): ShownFile[] {
  return Object.values(job.outputs ?? {}).flatMap((output) => {
    const images = (output as { images?: unknown } | null)?.images;
    return Array.isArray(images) ? images.flatMap((image) => readFile(image) ?? []) : [];
  });
}

/** Seconds that it ran; null before it has ended. */
export function secondsOf(job: JobRow): number | null {
  if (job.execution_start_time === null || job.execution_end_time === null) return null;
  return (job.execution_end_time - job.execution_start_time) / 1000;
}

/** What a node of a job is called. */
export function nodeTitle(prompt: ApiPrompt | undefined, id: string, types: Catalogue): string {
  const node = prompt?.[id];
  return node?._meta?.title || types.get(node?.class_type ?? "")?.displayName || node?.class_type || id;
}
