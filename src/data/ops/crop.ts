// Cutting rectangles out of images, as torchvision does.

import type { RgbImage } from '../dataset.ts';
import type { Box, ImageSize } from '../image-step.ts';

/** Cuts a box out; what lies outside the image is black. */
export function crop(image: RgbImage, { top, left, height, width }: Box): RgbImage {
  const out = new Uint8Array(width * height * 3);
  const from = Math.max(0, left);
  const end = Math.min(image.width, left + width);
  for (let y = Math.max(0, top); y < Math.min(image.height, top + height) && end > from; y++) {
    const row = image.pixels.subarray((y * image.width + from) * 3, (y * image.width + end) * 3);
    out.set(row, ((y - top) * width + from - left) * 3);
  }
  return { width, height, pixels: out };
}

/** The middle square; of a smaller image it reaches out, which makes a black frame. */
export function locateCenter({ width, height }: ImageSize, size: number): Box {
  return { top: centre(height, size), left: centre(width, size), height: size, width: size };
}

/** Python's round: halves go to the even neighbour. A frame is thinner on the near side. */
function centre(length: number, size: number): number {
  if (length < size) return -Math.floor((size - length) / 2);
  return roundHalfToEven((length - size) / 2);
}

/** Rounds as Python's round does. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
