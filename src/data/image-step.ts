// What happens to one view of an image, with every random number drawn: plain data, so that TypeScript
// and the addon carry out the same steps, to the same bits.

/** A rectangle in pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** One operation. Those of colour take torchvision's factors; hue is a share of the circle, sigma in pixels. */
export type ImageStep =
  | { readonly kind: 'crop'; readonly box: Box }
  | { readonly kind: 'resize'; readonly width: number; readonly height: number }
  | { readonly kind: 'flip' | 'grayscale' }
  | { readonly kind: 'brightness' | 'contrast' | 'saturation' | 'hue'; readonly factor: number }
  | { readonly kind: 'blur'; readonly sigma: number };

/** Sides in pixels. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** The steps of one view, and the size that they leave. */
export interface ViewPlan extends ImageSize {
  readonly steps: readonly ImageStep[];
}
