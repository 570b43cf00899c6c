// Puts small images side by side into one PNG, for people to look at.

import type { RgbImage } from './dataset.ts';

export interface SheetForm {
  /** Larger tiles are scaled down to this side, in pixels. */
  readonly maxTile: number;
  /** Pixels between tiles; transparent, so that a page's own background shows. */
  readonly gap: number;
}

const FOR_PAGES: SheetForm = { maxTile: 96, gap: 2 };

/** Renders rows of square images of one size as a PNG. */
export async function renderSheet(
  rows: readonly (readonly RgbImage[])[],
  { maxTile, gap }: SheetForm = FOR_PAGES,
): Promise<Buffer> {
  const side = rows[0]?.[0]?.width ?? 1;
  const columns = Math.max(1, ...rows.map((row) => row.length));
  const width = columns * (side + gap) - gap;
  const height = rows.length * (side + gap) - gap;
  const pixels = new Uint8Array(width * height * 4);
  rows.forEach((row, y) => {
    row.forEach((tile, x) => {
      copyTile(tile, pixels, { left: x * (side + gap), top: y * (side + gap), width });
    });
  });
  const { default: sharp } = await import('sharp');
  const scale = Math.min(1, maxTile / side);
  return sharp(pixels, { raw: { width, height, channels: 4 } })
    .resize({ width: Math.round(width * scale) })
    .png()
    .toBuffer();
}

function copyTile(
  { width: side, height, pixels }: RgbImage,
  out: Uint8Array,
  { left, top, width }: { readonly left: number; readonly top: number; readonly width: number },
): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < side; x++) {
      const from = (y * side + x) * 3;
      const to = ((top + y) * width + left + x) * 4;
      out.set(pixels.subarray(from, from + 3), to);
      out[to + 3] = 255;
    }
  }
}
