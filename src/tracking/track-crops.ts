// The crops that a training is fed, as a picture in TensorBoard's image tab.

import { writeEventFile } from './event-file.ts';

/** Channels of a PNG with transparency, as TensorBoard counts them. */
const RGBA = 4;

/** Leaves a PNG as the image `crops`. */
export function trackCrops(folder: string, png: Buffer): void {
  const { width, height } = readPngSize(png);
  const image = { width, height, colorspace: RGBA, encodedImageString: png };
  writeEventFile(folder, 'crops', [{ step: 0, summary: { value: [{ tag: 'crops', image }] } }]);
}

/** Width and height are the first fields of the first chunk (PNG specification §11.2.2). */
function readPngSize(png: Buffer): { readonly width: number; readonly height: number } {
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}
