// A recipe that is run alone becomes an experiment of one method; an evaluation judges a checkpoint.

import type { Json } from '../core/hash.ts';
import { checkTracking } from './check-tracking.ts';
import { type LoadContext, resolveBase } from './extends.ts';
import { finishRecipe } from './finish-recipe.ts';
import { type Loading, type Resolving, withDevices } from './loading.ts';
import { childOf, type LocatedMap, omitKeys, setAt, textOf, toJson } from './located.ts';
import { expandMatrix } from './matrix.ts';
import { nameOf } from './name-of.ts';
import { type Override, overrideRecipe } from './overrides.ts';
import type { EvaluationRecipe, ResolvedExperiment, ResolvedMethod } from './resolved.ts';
import { pickRunSettings } from './run-settings.ts';
import type { PretrainRecipe } from './schema/recipe.generated.ts';
import { validateDocument } from './validate.ts';

/** Resolves a file that is one recipe; its problems go to the loading's list. */
export function resolveRecipe(
  document: LocatedMap,
  kind: 'pretrain' | EvaluationRecipe['kind'],
  { loading: outside, context, overrides }: Resolving,
): ResolvedExperiment | undefined {
  const { options, problems } = outside;
  const own = overrides.filter(({ path: at }) => !RUN_KEYS.includes(at[0]!));
  const recipe = own.reduce(
    (current, override) => overrideRecipe(current, kind, override, problems),
    document,
  );
  const outer = toRunSettings(overrides);
  problems.push(
    ...validateDocument(
      'experiment',
      { ...outer.value, methods: { x: {} } },
      { node: outer.node, prefix: '' },
    ),
  );
  const loading = withDevices(outside, outer.value.launch);
  const written = [readRecipeBase(options.file, context), document, recipe];
  const base = {
    file: options.file,
    seed: (outer.value.seed ?? 0) as number,
    trials: (outer.value.trials ?? 1) as number,
  };
  const settings = {
    ...base,
    ...pickRunSettings(outer.value),
  };
  problems.push(...checkTracking(settings));
  const name = nameOf(toJson(childOf(recipe, 'name') ?? recipe), options.file);
  if (kind === 'pretrain') {
    const cells = expandMatrix(recipe, problems);
    const methods = cells.map(({ suffix, recipe: cell }): ResolvedMethod => {
      const method = suffix ? `${name}-${suffix}` : name;
      return {
        name: method,
        label: method,
        ...finishRecipe<PretrainRecipe>([...written, cell], { kind, path: '', name: method, loading }),
        published: {},
      };
    });
    return { ...settings, name, methods, evaluations: [] };
  }
  return resolveAlone(recipe, { kind, name, settings, loading, written });
}

/** What the file of a recipe extends. */
function readRecipeBase(file: string, context: LoadContext): LocatedMap {
  const root = context.files.get(file) as LocatedMap;
  return resolveBase(root, file, context);
}

/** An evaluation run alone: the encoder is a checkpoint. */
function resolveAlone(
  recipe: LocatedMap,
  given: {
    readonly kind: EvaluationRecipe['kind'];
    readonly name: string;
    readonly settings: Omit<ResolvedExperiment, 'name' | 'methods' | 'evaluations'>;
    readonly loading: Loading;
    readonly written: readonly LocatedMap[];
  },
): ResolvedExperiment | undefined {
  const { kind, name, settings, loading, written } = given;
  const checkpoint = loading.options.pretrained ?? textOf(childOf(recipe, 'pretrained'));
  if (checkpoint === undefined) {
    loading.problems.push({
      code: 'CONFIG_PRETRAINED_MISSING',
      message: `Expected a checkpoint to judge but ${settings.file} names none.`,
      hint: 'Give it with --pretrained FILE, or as pretrained in the recipe.',
    });
  }
  const model = childOf(recipe, 'model');
  const judged = finishRecipe<EvaluationRecipe>([...written, omitKeys(recipe, ['pretrained', 'model'])], {
    kind,
    path: '',
    name,
    loading,
  });
  const method = {
    kind: 'pretrain',
    method: 'pretrained',
    ...(checkpoint ? { checkpoint } : {}),
    ...(model ? { model: toJson(model) } : {}),
  };
  const data = judged.recipe.kind === 'detection' ? {} : { data: judged.recipe.data };
  const encoder = { ...method, ...data } as unknown as { [key: string]: Json };
  const problems = validateDocument('pretrain', encoder, { node: recipe, prefix: '' });
  loading.problems.push(...problems);
  encoder.name = 'pretrained';
  return {
    ...settings,
    name,
    methods: [
      {
        name: 'pretrained',
        label: 'pretrained',
        recipe: encoder as unknown as PretrainRecipe,
        published: {},
      },
    ],
    evaluations: [{ name, label: name, ...judged }],
  };
}

/** Flags that set the run, not the recipe. */
const RUN_KEYS = ['trials', 'seed', 'launch', 'report', 'tracking'];

function toRunSettings(overrides: readonly Override[]): { value: { [key: string]: Json }; node: LocatedMap } {
  const origin = { kind: 'flag', text: 'command line' } as const;
  const empty: LocatedMap = { kind: 'map', origin, entries: new Map() };
  const own = overrides.filter(({ path: at }) => RUN_KEYS.includes(at[0]!));
  const node = own.reduce((map, { path: at, value }) => setAt(map, at, value) as LocatedMap, empty);
  const settings = toJson(node) as { [key: string]: Json };
  return { value: { kind: 'experiment', launch: {}, report: {}, ...settings }, node };
}
