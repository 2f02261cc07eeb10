/** Photographs as the server takes them: square, small, JPEG. */

import { send } from '../../fhir/http';

/** The server's limit, and the side of the square in pixels. */
const MOST = 100_000;
const SIDE = 480;

const path = (id: string) => `/api/v1/patients/${encodeURIComponent(id)}/photo`;

export const storePhoto = (id: string, picture: Blob) => send(path(id), { method: 'PUT', body: picture });
export const removePhoto = (id: string) => send(path(id), { method: 'DELETE' });

/** The part of a picture that is kept: a square around the middle, smaller the closer one looks. */
export function square(width: number, height: number, zoom: number): { x: number; y: number; side: number } {
  const side = Math.min(width, height) / Math.max(1, zoom);
  return { x: (width - side) / 2, y: (height - side) / 2, side };
}

type Source = HTMLVideoElement | ImageBitmap;

function drawn(source: Source, width: number, height: number, zoom: number): HTMLCanvasElement {
  const { x, y, side } = square(width, height, zoom);
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext('2d');
  if (!context) throw new TypeError('no canvas');
  context.drawImage(source, x, y, side, side, 0, 0, SIDE, SIDE);
  return canvas;
}

/** As good as the limit lets it be. Drawing anew also leaves out what cameras write beside the picture, such as the place. */
async function encoded(canvas: HTMLCanvasElement): Promise<Blob> {
  for (const quality of [0.85, 0.7, 0.5, 0.3]) {
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality));
    if (blob && blob.size <= MOST) return blob;
  }
  throw new TypeError('the picture cannot be made small enough');
}

export async function fromFile(file: Blob, zoom = 1): Promise<Blob> {
  const picture = await createImageBitmap(file);
  try {
    return await encoded(drawn(picture, picture.width, picture.height, zoom));
  } finally {
    picture.close();
  }
}

export const fromVideo = (video: HTMLVideoElement) => encoded(drawn(video, video.videoWidth, video.videoHeight, 1));

/** A picture as text for a draft, and back. */
export function toText(picture: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener('load', () => resolve(String(reader.result)));
    reader.addEventListener('error', () => reject(reader.error ?? new TypeError('unreadable')));
    reader.readAsDataURL(picture);
  });
}

export function fromText(text: string): Blob | undefined {
  const found = /^data:(image\/jpeg);base64,([A-Za-z0-9+/=]+)$/.exec(text);
  if (!found) return undefined;
  const bytes = Uint8Array.from(atob(found[2] ?? ''), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: found[1] });
}
