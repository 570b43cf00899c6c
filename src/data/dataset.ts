// What a data set is to the rest of the program: labelled RGB images by index. Pixels are
// read on demand (they may lie in a file or in shared memory), labels are all there.

/** An RGB image, rows top to bottom: byte of (y, x, c) at (y * width + x) * 3 + c. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** Length width * height * 3. */
  readonly pixels: Uint8Array;
}

/** One split of a data set, after `limit`. */
export interface Dataset {
  readonly classes: readonly string[];
  /** Class index of every image. */
  readonly labels: Int32Array;
  /** What to call image `index` in an error: its file, or `cifar10 train #17`. */
  nameOf(index: number): string;
  /** Throws a ProblemError DATA_IMAGE_UNREADABLE naming the image. */
  readImage(index: number): Promise<RgbImage>;
}
