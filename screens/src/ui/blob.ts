// A picture as an address that the page may show: the content security policy allows `data:` and no `blob:`.

export function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new Error("the picture can't be read"));
    reader.readAsDataURL(blob);
  });
}
