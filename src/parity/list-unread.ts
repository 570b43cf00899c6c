// What a case's file holds that nothing is compared with: a script that was changed may write more than we know.

import type { ParityCase } from './read-case.ts';

/** Keys that are read, or that only describe; of a list, those of its entries. */
const READ: { readonly [Kind in ParityCase['kind']]: { readonly [place: string]: string } } = {
  'training-case': {
    '': 'about config steps',
    config: 'arch dim K m T mlp cos batch size lr wd steps ranks',
    steps:
      'step lr loss_per_rank loss positive_logits grad_norm query_norms key_norms query_first_values queue_ptr queue_head queue_norm float32_loss float32_grad_norm',
  },
  'lincls-case': {
    '': 'about config lincls knn',
    config: 'arch classes batch size lr steps knn_k knn_t',
    lincls: 'step loss acc1 acc3 fc_weight_norm fc_bias logits_head',
    knn: 'bank labels queries k t predicted scores_head',
  },
  'augment-case': {
    '': 'about input ops normalize random_resized_crop',
    normalize: 'mean std first_pixel channel_means',
    random_resized_crop: 'image draws columns mean std mean_area_fraction',
  },
};

/** Names of the quantities that are in the file and are not compared. */
export function listUnread({ kind, given }: ParityCase): string[] {
  const content = given as unknown as { readonly [key: string]: unknown };
  const names = Object.entries(READ[kind]).flatMap(([place, known]) => {
    const values = place === '' ? content : content[place];
    const entries = (Array.isArray(values) ? values : [values]) as object[];
    return entries
      .flatMap((entry) => Object.keys(entry))
      .filter((key) => !known.split(' ').includes(key))
      .map((key) => (place === '' ? key : `${place}.${key}`));
  });
  return [...new Set(names)];
}
