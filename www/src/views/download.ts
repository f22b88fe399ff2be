/** Hands a file to the browser to be saved. */
export function download(name: string, type: string, parts: BlobPart[]): void {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser reads it after the click; then nobody needs it.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}
