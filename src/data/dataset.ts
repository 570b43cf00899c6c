// What a data set is to the rest of the program: labelled RGB images by index. A split is plain data
// (shared pixels, or a list of files), so that loader threads get it as it is.

/** An RGB image, rows top to bottom: byte of (y, x, c) at (y * width + x) * 3 + c. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** Length width * height * 3. */
  readonly pixels: Uint8Array;
}

/** Training or held-out images. */
export type Split = 'train' | 'val';

/** One split of a data set, after `limit`. Can be sent to a thread without copying pixels. */
export interface Dataset {
  readonly classes: readonly string[];
  /** Class index of every image. */
  readonly labels: Int32Array;
  readonly images: ImageSource;
}

export type ImageSource =
  | {
      readonly kind: 'pixels';
      /** What to call them in an error: `cifar10 train`. */
      readonly name: string;
      readonly width: number;
      readonly height: number;
      /** All images of the set, one after the other. */
      readonly pixels: SharedArrayBuffer;
      /** Which of them belong to this split, in its order. */
      readonly positions: Int32Array;
    }
  | { readonly kind: 'files'; readonly files: readonly string[] };
