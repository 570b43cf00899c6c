// torchvision's adjust_hue on PIL's HSV: hue as a byte that wraps around. Both conversions follow
// libImaging/Convert.c, float32 where it is float.

import type { RgbImage } from '../dataset.ts';

const f = Math.fround;

/** Turns the hue by `factor` of the full circle, -0.5 to 0.5. */
export function adjustHue(image: RgbImage, factor: number): RgbImage {
  const { pixels } = image;
  const shift = Math.trunc(factor * 255) & 255;
  const out = new Uint8Array(pixels.length);
  for (let at = 0; at < out.length; at += 3) {
    const [r, g, b] = [pixels[at]!, pixels[at + 1]!, pixels[at + 2]!];
    const value = Math.max(r, g, b);
    const range = value - Math.min(r, g, b);
    if (range === 0) {
      // Gray has saturation 0: hue means nothing.
      out.fill(value, at, at + 3);
      continue;
    }
    const hue = (hueByte(r, g, b, value, range) + shift) & 255;
    const saturation = Math.trunc(f(f(range) / f(value)) * 255);
    writeRgb(out, at, hue, saturation, value);
  }
  return { ...image, pixels: out };
}

function hueByte(r: number, g: number, b: number, value: number, range: number): number {
  const [rc, gc, bc] = [f((value - r) / range), f((value - g) / range), f((value - b) / range)];
  const sector = r === value ? f(bc - gc) : g === value ? f(2 + rc - bc) : f(4 + gc - rc);
  return Math.trunc(f((sector / 6 + 1) % 1) * 255);
}

function writeRgb(out: Uint8Array, at: number, hue: number, saturation: number, value: number): void {
  const angle = f((hue * 6) / 255);
  const s = f(saturation / 255);
  const sector = Math.floor(angle);
  const rest = f(angle - sector);
  const p = Math.round(value * (1 - s));
  const q = Math.round(value * (1 - s * rest));
  const t = Math.round(value * (1 - s * (1 - rest)));
  const red = [value, q, p, p, t, value][sector % 6]!;
  const green = [t, value, value, q, p, p][sector % 6]!;
  const blue = [p, p, t, value, value, q][sector % 6]!;
  out[at] = red;
  out[at + 1] = green;
  out[at + 2] = blue;
}
