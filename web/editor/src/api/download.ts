/** Files that the browser saves where downloads go. */

const READ_WITHIN = 10_000; // ms in which the browser reads the address that it was given

/** Save content under a name. */
export function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name.replaceAll("/", "_");
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), READ_WITHIN);
}

/** Save a text of JSON. */
export function downloadJson(name: string, text: string): void {
  download(name, new Blob([text], { type: "application/json" }));
}
