// A picture from a person's device becomes a PNG that the box takes: no wider than paper, on white, within the
// limit of a request's body.

const WIDEST_PX = 576;
const LIMIT_BYTES = 240 * 1024;
const SMALLEST_PX = 64;

/** Rejects what the browser can't read as a picture. */
export async function asLogo(file: File): Promise<Blob> {
  const picture = await createImageBitmap(file);
  try {
    for (let width = Math.min(picture.width, WIDEST_PX); ; width = Math.floor(width * 0.75)) {
      const png = await drawn(picture, width);
      if (png.size <= LIMIT_BYTES || width < SMALLEST_PX) return png;
    }
  } finally {
    picture.close();
  }
}

async function drawn(picture: ImageBitmap, width: number): Promise<Blob> {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = Math.max(1, Math.round((picture.height / picture.width) * width));
  const pen = canvas.getContext("2d")!;
  // What is clear is white on paper.
  pen.fillStyle = "white";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((png) => (png ? resolve(png) : reject(new Error("the picture can't be drawn"))), "image/png");
  });
}
