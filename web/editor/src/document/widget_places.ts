/**
 * Which place of `widgets_values` belongs to what (API_FACTS 8.3).
 *
 * The list follows the order of the stock editor's widgets, among them some that exist in editors alone: what becomes
 * of a seed after a run, the filter of a combo's control, the upload button.
 */

import type { InputSpec, NodeSchema } from "./schema";
import { isForced, isWidgetType } from "./schema";
import type { WorkflowNode } from "./workflow";

/** What a place holds: an input's value, or something of the editor's that belongs to that input. */
export interface Place {
  readonly kind: "value" | "control" | "filter" | "upload";
  readonly spec: InputSpec;
  /** A socket today, but older files hold a value for it. */
  readonly forced: boolean;
}

const UPLOAD_FLAGS = ["image_upload", "animated_image_upload", "video_upload", "audio_upload", "file_upload"];

/** The places of a node's `widgets_values`, for a list of `count` values. */
export function placesIn(schema: NodeSchema, shown: ReadonlySet<string>, count: number): readonly Place[] {
  const every = [
    ...section(
      schema.inputs.filter((spec) => !spec.optional),
      shown,
    ),
    ...section(
      schema.inputs.filter((spec) => spec.optional),
      shown,
    ),
  ];
  const anyForced = every.some((place) => place.forced);
  return anyForced && every.length !== count ? every.filter((place) => !place.forced) : every;
}

/** The widgets that a file says a node has, by having inputs for them. */
export function shownWidgets(node: WorkflowNode): ReadonlySet<string> {
  return new Set((node.inputs ?? []).flatMap((input) => input.widget?.name ?? []));
}

/** Upload buttons come after all widgets of their section, required or optional. */
function section(specs: readonly InputSpec[], shown: ReadonlySet<string>): Place[] {
  const places = specs.flatMap((spec) => placesOfInput(spec, shown));
  const uploading = specs.find((spec) => UPLOAD_FLAGS.some((flag) => spec.options[flag]));
  return uploading ? [...places, { kind: "upload", spec: uploading, forced: false }] : places;
}

function placesOfInput(spec: InputSpec, shown: ReadonlySet<string>): Place[] {
  const forced = isForced(spec.options) && isWidgetType(spec.type);
  if (!forced && !spec.isWidget && (isForced(spec.options) || !shown.has(spec.name))) return [];
  const kinds: Place["kind"][] = ["value"];
  if (spec.controlAfterGenerate) kinds.push("control");
  if (spec.controlAfterGenerate && spec.type === "COMBO") kinds.push("filter");
  return kinds.map((kind) => ({ kind, spec, forced }));
}
