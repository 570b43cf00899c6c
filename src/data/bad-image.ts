// What becomes of an image that cannot be read, where a recipe says `skip`: the next one of the data set that can
// be read stands in its place, with its own label and with the random numbers of the place. Which one depends on
// the files alone: not on threads, ranks, epochs or where a training was stopped. In a folder of classes it is
// mostly of the same class.

import type { LoaderConfig } from '../config/schema/recipe.generated.ts';
import { ProblemError } from '../core/problem.ts';
import type { ImageSource, RgbImage } from './dataset.ts';
import { readImage } from './read-image.ts';

export type BadImagePolicy = Pick<LoaderConfig, 'onBadImage' | 'maxBadImages'>;

/** Of images that must all be read. */
export const REFUSE_BAD: BadImagePolicy = { onBadImage: 'fail', maxBadImages: 1 };

/** An image that cannot be read. Plain data. */
export interface BadImage {
  /** Index into the data set. */
  readonly index: number;
  /** Of the image in its place. */
  readonly replacedBy: number;
  /** Why, and which file. */
  readonly reason: string;
}

export interface ReadImage {
  readonly image: RgbImage;
  /** Present where the image is another than was asked for. */
  readonly bad?: BadImage;
}

/** Reads image `index`, or the one in its place. Throws DATA_IMAGE_UNREADABLE and DATA_TOO_MANY_BAD_IMAGES. */
export async function readOrReplace(
  source: ImageSource,
  index: number,
  policy: BadImagePolicy,
): Promise<ReadImage> {
  try {
    return { image: await readImage(source, index) };
  } catch (error) {
    if (policy.onBadImage === 'fail' || source.kind !== 'files' || !(error instanceof ProblemError))
      throw error;
    const reason = error.problems[0]!.message;
    return replace(source.files, { index, reason }, policy);
  }
}

async function replace(
  files: readonly string[],
  { index, reason }: Omit<BadImage, 'replacedBy'>,
  policy: BadImagePolicy,
): Promise<ReadImage> {
  let bad = 1;
  for (let further = 1; further < files.length && bad <= policy.maxBadImages; further++) {
    const replacedBy = (index + further) % files.length;
    try {
      const image = await readImage({ kind: 'files', files }, replacedBy);
      return { image, bad: { index, replacedBy, reason } };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      bad++;
    }
  }
  throw new ProblemError(reportTooMany(policy, reason));
}

/** The problem of more bad images than the recipe lets pass. `reason`: of one of them. */
export function reportTooMany({ maxBadImages }: BadImagePolicy, reason: string) {
  return {
    code: 'DATA_TOO_MANY_BAD_IMAGES',
    message: `Expected at most ${maxBadImages} training images that cannot be read, as loader.maxBadImages says, but there are more. One of them: ${reason}`,
    hint: 'So many are mostly a failed download or a failing disk. Replace the files, or raise loader.maxBadImages: training goes on from its last checkpoint.',
  };
}
