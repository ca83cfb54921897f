/**
 * Node types that exist in files alone: no server knows them. These are the only type names in the editor, because the
 * file format demands them (API_FACTS 8.3).
 */

export const REROUTE = "Reroute";
export const PRIMITIVE = "PrimitiveNode";
export const NOTE = "Note";
export const MARKDOWN_NOTE = "MarkdownNote";

const VIRTUAL: ReadonlySet<string> = new Set([REROUTE, PRIMITIVE, NOTE, MARKDOWN_NOTE]);

/** Whether nodes of this type are never sent to the server. */
export function isVirtual(type: string): boolean {
  return VIRTUAL.has(type);
}

/** Whether nodes of this type are a text for people. */
export function isNote(type: string): boolean {
  return type === NOTE || type === MARKDOWN_NOTE;
}
