/** Small files that carry texts, made by hand as their formats say. */

const ENCODER = new TextEncoder();

/** Bytes one behind the other; numbers are single bytes. */
export function bytes(...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  const lists = parts.map((part) =>
    typeof part === "string" ? ENCODER.encode(part) : typeof part === "number" ? Uint8Array.of(part) : part,
  );
  const whole = new Uint8Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    whole.set(list, at);
    at += list.length;
  }
  return whole;
}

export function uint32(value: number, little = false): Uint8Array {
  const list = new Uint8Array(4);
  new DataView(list.buffer).setUint32(0, value, little);
  return list;
}

export function uint16(value: number, little = false): Uint8Array {
  const list = new Uint8Array(2);
  new DataView(list.buffer).setUint16(0, value, little);
  return list;
}

export async function deflated(text: string): Promise<Uint8Array> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** A PNG file without a picture: the chunks, then the end. */
export function png(...chunks: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const written = [...chunks, ["IEND", bytes()] as const].map(([kind, data]) =>
    bytes(uint32(data.length), kind, data, uint32(0)),
  );
  return bytes(0x89, "PNG\r\n", 0x1a, "\n", ...written);
}

/** Exif data: one directory of texts by tag. */
export function exif(texts: readonly (readonly [number, string])[], little: boolean): Uint8Array {
  const data: Uint8Array[] = [];
  let place = 8 + 2 + texts.length * 12 + 4;
  const entries = texts.map(([tag, text]) => {
    const list = bytes(text, 0);
    data.push(list);
    const entry = bytes(uint16(tag, little), uint16(2, little), uint32(list.length, little), uint32(place, little));
    place += list.length;
    return entry;
  });
  const head = bytes(little ? "II" : "MM", uint16(42, little), uint32(8, little), uint16(texts.length, little));
  return bytes(head, ...entries, uint32(0), ...data);
}

export function webp(data: Uint8Array): Uint8Array {
  const chunks = bytes("WEBP", "VP8 ", uint32(3, true), "abc", 0, "EXIF", uint32(data.length, true), data);
  return bytes("RIFF", uint32(chunks.length, true), chunks);
}

export function jpeg(data: Uint8Array): Uint8Array {
  const body = bytes("Exif", 0, 0, data);
  return bytes(0xff, 0xd8, 0xff, 0xe0, uint16(4), 0, 0, 0xff, 0xe1, uint16(body.length + 2), body, 0xff, 0xda, 0, 0);
}

export function safetensors(header: unknown): Uint8Array {
  const text = ENCODER.encode(JSON.stringify(header));
  return bytes(uint32(text.length, true), uint32(0), text, 0, 0, 0, 0);
}
