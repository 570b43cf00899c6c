// Rules between the parts of an experiment.

import { isMapping } from '../core/is-mapping.ts';
import { findNearest } from '../core/nearest.ts';
import type { Problem } from '../core/problem.ts';
import { checkTracking } from './check-tracking.ts';
import type { Located } from './located.ts';
import type { ResolvedExperiment } from './resolved.ts';
import { locate } from './validate.ts';

const SAFE_NAME = /^[A-Za-z0-9][A-Za-z0-9._+=-]*$/;
const METRICS = {
  lincls: ['top1', 'top5', 'bestTop1', 'bestTop5'],
  knn: ['top1'],
  detection: ['AP50', 'AP', 'AP75'],
} as const;

/** Names that are folders, columns and published values that exist. */
export function checkExperiment(experiment: ResolvedExperiment, node: Located): Problem[] {
  return [
    ...checkNames(experiment, node),
    ...checkColumns(experiment, node),
    ...checkPublished(experiment, node),
    ...checkTracking(experiment),
  ];
}

function checkNames({ methods, evaluations }: ResolvedExperiment, node: Located): Problem[] {
  const named = [
    ...methods.map(({ name }) => ({ group: 'methods', name })),
    ...evaluations.map(({ name }) => ({ group: 'evaluations', name })),
  ];
  return named
    .filter(
      ({ name }) => !SAFE_NAME.test(name) || ['pretrain', 'extract', 'sanity-check', 'report'].includes(name),
    )
    .map(({ group, name }) => ({
      code: 'CONFIG_NAME',
      message: `Expected a name that can be a folder's, and no stage's, for ${group}.${name}.`,
      hint: 'Letters, digits and . _ + = - are fine.',
      ...locate(node, [group, name]),
    }));
}

function checkColumns({ evaluations, report }: ResolvedExperiment, node: Located): Problem[] {
  const known = evaluations.flatMap(
    ({ name, recipe }) => METRICS[recipe.kind]?.map((metric) => `${name}.${metric}`) ?? [],
  );
  return (Array.isArray(report.columns) ? report.columns : []).flatMap((column, i) => {
    // What is no text, the schema has refused.
    if (typeof column !== 'string' || known.includes(column)) return [];
    const nearest = findNearest(column, known);
    return [
      {
        code: 'CONFIG_UNKNOWN_COLUMN',
        message: `Expected evaluation.metric for report.columns but received ${JSON.stringify(column)}.`,
        hint: nearest ? `Did you mean ${nearest}?` : `Columns: ${known.join(', ')}.`,
        ...locate(node, ['report', 'columns', i]),
      },
    ];
  });
}

function checkPublished({ methods, evaluations }: ResolvedExperiment, node: Located): Problem[] {
  const known = evaluations.map(({ name }) => name);
  return methods.flatMap(({ name, published }) =>
    // What is no mapping, the schema has refused.
    Object.keys(isMapping(published) ? published : {})
      .filter((evaluation) => !known.includes(evaluation))
      .map((evaluation) => {
        const nearest = findNearest(evaluation, known);
        return {
          code: 'CONFIG_UNKNOWN_EVALUATION',
          message: `Expected an evaluation of this experiment for methods.${name}.published but found ${evaluation}.`,
          hint: nearest ? `Did you mean ${nearest}?` : `Evaluations: ${known.join(', ') || 'none'}.`,
          ...locate(node, ['methods', name, 'published', evaluation]),
        };
      }),
  );
}
