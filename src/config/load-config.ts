// From a file to a resolved experiment, or to all problems of it at once: read, extend, override,
// expand, validate, check. A recipe alone becomes an experiment of one method.

import path from 'node:path';
import type { Json } from '../core/hash.ts';
import type { Problem } from '../core/problem.ts';
import { checkExperiment } from './check-experiment.ts';
import { checkRecipe } from './check-recipe.ts';
import { type LoadContext, readExtended, resolveBase } from './extends.ts';
import { describeFidelity, type Fidelity } from './fidelity.ts';
import type { Environment } from './interpolate.ts';
import { findKnownTrainSize } from './known-size.ts';
import { type RatedRecipe, rateRecipe } from './learning-rate.ts';
import type { ExplainedPart } from './list-settings.ts';
import { childOf, type Located, type LocatedMap, omitKeys, toJson } from './located.ts';
import { expandMatrix } from './matrix.ts';
import {
  type Entry,
  type ExperimentParts,
  makeOverride,
  type Override,
  overrideExperiment,
  overrideRecipe,
  parseSet,
} from './overrides.ts';
import { resolveEntries } from './resolve-entries.ts';
import type { EvaluationRecipe, ResolvedEvaluation, ResolvedExperiment, ResolvedMethod } from './resolved.ts';
import type { LaunchConfig, ReportConfig } from './schema/experiment.generated.ts';
import type { PretrainRecipe } from './schema/recipe.generated.ts';
import { type DocumentKind, locate, validateDocument } from './validate.ts';

/** A file and the flags that change what it says. */
export interface LoadOptions {
  readonly file: string;
  readonly set?: readonly string[];
  readonly trials?: number;
  readonly engine?: string;
  /** Replaces data.root everywhere. */
  readonly dataRoot?: string;
  /** Checkpoint for a lincls or knn recipe that is run alone. */
  readonly pretrained?: string;
  readonly devices?: string;
  readonly devicesPerTrial?: number;
  readonly failureMode?: string;
  readonly env: Environment;
}

/** A loaded config. `experiment` is absent where there are problems. */
export interface LoadedConfig {
  readonly experiment?: ResolvedExperiment;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Resolved values with their trees, for `moco config`. */
  readonly explained: readonly ExplainedPart[];
  /** The flags that shaped it. */
  readonly overrides: readonly string[];
}

interface Loading {
  readonly options: LoadOptions;
  readonly problems: Problem[];
  readonly warnings: Problem[];
  readonly explained: ExplainedPart[];
  readonly fidelity: Fidelity[];
  /** Replaces `devices` of every recipe that trains. */
  readonly devicesPerTrial?: number;
}

/** Loads a file. Never throws for what the file says. */
export function loadConfig(options: LoadOptions): LoadedConfig {
  const loading: Loading = { options, problems: [], warnings: [], explained: [], fidelity: [] };
  const { problems, warnings, explained } = loading;
  const context: LoadContext = { env: options.env, problems, files: new Map() };
  const overrides = listOverrides(options, problems);
  const document = readExtended(options.file, context);
  const experiment = document && resolveDocument(document, { loading, context, overrides });
  const texts = overrides.map(({ text }) => text);
  if (problems.length > 0 || !experiment)
    return { problems: dropRepeated(problems), warnings, explained, overrides: texts };
  return {
    experiment: { ...experiment, fidelity: loading.fidelity },
    problems,
    warnings: dropRepeated(warnings),
    explained,
    overrides: texts,
  };
}

interface Resolving {
  readonly loading: Loading;
  readonly context: LoadContext;
  readonly overrides: readonly Override[];
}

function resolveDocument(document: LocatedMap, resolving: Resolving): ResolvedExperiment | undefined {
  const kind = childOf(document, 'kind');
  const name = kind?.kind === 'scalar' ? String(kind.value) : '';
  if (name === 'experiment') return resolveExperiment(document, resolving);
  if (name === 'pretrain' || name === 'lincls' || name === 'knn' || name === 'detection')
    return resolveRecipe(document, name, resolving);
  resolving.loading.problems.push({
    code: 'CONFIG_UNKNOWN_KIND',
    message: `Expected kind to be one of experiment, pretrain, lincls, knn, detection but ${kind ? `received ${JSON.stringify(toJson(kind))}` : 'it is not there'}.`,
    hint: 'A file opens with its kind, for example: kind: experiment',
    ...locate(document, ['kind']),
  });
  return undefined;
}

function resolveExperiment(
  document: LocatedMap,
  { loading, context, overrides }: Resolving,
): ResolvedExperiment | undefined {
  const { options, problems } = loading;
  const entries = resolveEntries(document, options.file, context);
  const parts = overrides.reduce<ExperimentParts>(
    (current, override) => overrideExperiment(current, override, problems),
    {
      document,
      entries,
    },
  );
  const outer = parts.document;
  const value = toJson(outer) as { [key: string]: Json };
  problems.push(...validateDocument('experiment', value, { node: outer, prefix: '' }));
  loading.explained.push({ path: '', value: toOuterJson(value), node: outer });
  const methods: ResolvedMethod[] = [];
  const evaluations: ResolvedEvaluation[] = [];
  const within = withDevices(loading, value.launch);
  for (const entry of parts.entries) {
    if (entry.group === 'methods') methods.push(...resolveMethod(entry, within));
    else evaluations.push(...resolveEvaluation(entry, within));
  }
  const experiment = {
    ...pickText(value),
    name: nameOf(value.name, options.file),
    file: options.file,
    seed: (value.seed ?? 0) as number,
    trials: (value.trials ?? 1) as number,
    methods,
    evaluations,
    launch: (value.launch ?? {}) as unknown as LaunchConfig,
    report: (value.report ?? {}) as unknown as ReportConfig,
  };
  problems.push(...checkExperiment(experiment, outer));
  return experiment;
}

/** What the launch settings say of recipes. Faults of theirs are reported elsewhere. */
function withDevices(loading: Loading, launch: Json | undefined): Loading {
  const { devicesPerTrial } = (launch ?? {}) as { devicesPerTrial?: Json };
  return Number.isInteger(devicesPerTrial)
    ? { ...loading, devicesPerTrial: devicesPerTrial as number }
    : loading;
}

function toOuterJson({
  methods: _methods,
  evaluations: _evaluations,
  ...rest
}: {
  [key: string]: Json;
}): Json {
  return rest;
}

function pickText(value: { [key: string]: Json }): { claim?: string; source?: string } {
  return {
    ...(typeof value.claim === 'string' ? { claim: value.claim } : {}),
    ...(typeof value.source === 'string' ? { source: value.source } : {}),
  };
}

function resolveMethod(entry: Entry, loading: Loading): ResolvedMethod[] {
  return expandEntry(entry, loading.problems).map(({ name, label, recipe }) => {
    const published = childOf(recipe, 'published');
    const own = omitKeys(recipe, ['label', 'published', 'reproduces']);
    return {
      name,
      label,
      ...finishRecipe<PretrainRecipe>([...entry.written, entry.map, own], {
        kind: 'pretrain',
        path: `methods.${name}`,
        name,
        loading,
        reproduces: childOf(recipe, 'reproduces'),
      }),
      published: (published ? toJson(published) : {}) as unknown as ResolvedMethod['published'],
    };
  });
}

function resolveEvaluation(entry: Entry, loading: Loading): ResolvedEvaluation[] {
  return expandEntry(entry, loading.problems).map(({ name, label, recipe }) => {
    // What only a recipe that is run alone needs.
    const own = omitKeys(recipe, ['label', 'reproduces', 'pretrained', 'model', ...foreignKeys(entry.kind)]);
    const finished = finishRecipe<EvaluationRecipe>([...entry.written, entry.map, own], {
      kind: entry.kind,
      path: `evaluations.${name}`,
      name,
      loading,
      reproduces: childOf(recipe, 'reproduces'),
    });
    return { name, label, ...finished };
  });
}

/** What an experiment shares out and Detectron2 doesn't ask for: it trains on its own engine and data. */
function foreignKeys(kind: Entry['kind']): readonly string[] {
  return kind === 'detection' ? ['engine', 'data', 'precision', 'devices'] : [];
}

/** The cells of an entry with their names; a cell may bring its own label and published values. */
function expandEntry(
  entry: Entry,
  problems: Problem[],
): { name: string; label: string; recipe: LocatedMap }[] {
  const common = textOf(childOf(entry.map, 'label'));
  return expandMatrix(entry.map, problems).map(({ suffix, recipe }) => {
    const name = suffix ? `${entry.name}-${suffix}` : entry.name;
    const label = textOf(childOf(recipe, 'label'));
    return {
      name,
      recipe,
      label: label === undefined ? name : suffix && label === common ? `${label}, ${suffix}` : label,
    };
  });
}

interface Finishing {
  readonly kind: DocumentKind;
  readonly path: string;
  readonly name: string;
  readonly loading: Loading;
  readonly reproduces?: Located | undefined;
}

/** Validates a recipe, fills in the defaults and checks it. `layers`: as it grew, see `rateRecipe`. */
function finishRecipe<Recipe extends PretrainRecipe | EvaluationRecipe>(
  layers: readonly LocatedMap[],
  { kind, path: at, name, loading, reproduces }: Finishing,
): { readonly recipe: Recipe; readonly lrRule?: string } {
  const prefix = at === '' ? '' : `${at}.`;
  const { recipe: node, lrRule, warnings } = rateTraining(layers, kind, prefix);
  const value = toJson(node) as { [key: string]: Json };
  if ((kind === 'pretrain' || kind === 'lincls') && loading.devicesPerTrial !== undefined)
    value.devices = loading.devicesPerTrial;
  const problems = validateDocument(kind, value, { node, prefix });
  loading.problems.push(...problems);
  value.kind = kind;
  value.name = at === '' ? ((value.name as string | undefined) ?? name) : name;
  delete value.description;
  const recipe = value as unknown as Recipe;
  const finished = { recipe, ...(lrRule === undefined ? {} : { lrRule }) };
  loading.explained.push({ path: at, value, node });
  if (problems.length > 0) return finished;
  // Detectron2 knows its own data and settings.
  if (recipe.kind === 'detection') return finished;
  const found = checkRecipe(recipe, { node, prefix, trainSize: findKnownTrainSize(recipe.data) });
  loading.problems.push(...found.problems);
  loading.warnings.push(...warnings, ...found.warnings);
  const group = kind === 'pretrain' ? 'methods' : 'evaluations';
  const fidelity = describeFidelity({ group, name, recipe, node, reproduces }, loading.problems);
  if (fidelity) loading.fidelity.push(fidelity);
  return finished;
}

/** kNN has no learning rate. */
function rateTraining(layers: readonly LocatedMap[], kind: DocumentKind, prefix: string): RatedRecipe {
  return kind === 'pretrain' || kind === 'lincls'
    ? rateRecipe(layers, { kind, prefix })
    : { recipe: layers.at(-1)!, warnings: [] };
}

function resolveRecipe(
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
    launch: outer.value.launch as unknown as LaunchConfig,
    report: outer.value.report as unknown as ReportConfig,
  };
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
const RUN_KEYS = ['trials', 'seed', 'launch', 'report'];

function toRunSettings(overrides: readonly Override[]): { value: { [key: string]: Json }; node: LocatedMap } {
  const value: { [key: string]: Json } = { kind: 'experiment', launch: {}, report: {} };
  const origin = { kind: 'flag', text: 'command line' } as const;
  for (const override of overrides.filter(({ path: at }) => RUN_KEYS.includes(at[0]!))) {
    const [first, second] = override.path as [string, string | undefined];
    if (second === undefined) value[first] = toJson(override.value);
    else value[first] = { ...(value[first] as { [key: string]: Json }), [second]: toJson(override.value) };
  }
  return { value, node: { kind: 'map', origin, entries: new Map() } };
}

function listOverrides(options: LoadOptions, problems: Problem[]): Override[] {
  const flags: [readonly string[], unknown, string][] = [];
  if (options.trials !== undefined) flags.push([['trials'], options.trials, `--trials ${options.trials}`]);
  if (options.engine !== undefined) flags.push([['engine'], options.engine, `--engine ${options.engine}`]);
  if (options.dataRoot !== undefined)
    flags.push([['data', 'root'], options.dataRoot, `--data ${options.dataRoot}`]);
  if (options.devices !== undefined)
    flags.push([['launch', 'devices'], options.devices, `--devices ${options.devices}`]);
  if (options.devicesPerTrial !== undefined)
    flags.push([
      ['launch', 'devicesPerTrial'],
      options.devicesPerTrial,
      `--devices-per-trial ${options.devicesPerTrial}`,
    ]);
  if (options.failureMode !== undefined)
    flags.push([['launch', 'failureMode'], options.failureMode, `--failure-mode ${options.failureMode}`]);
  const sets = (options.set ?? []).flatMap((text) => parseSet(text, problems));
  return [...flags.map(([at, value, text]) => makeOverride(at, value, text)), ...sets];
}

function nameOf(name: Json | undefined, file: string): string {
  return typeof name === 'string' ? name : path.basename(file).replace(/\.ya?ml$/i, '');
}

function textOf(node: Located | undefined): string | undefined {
  return node?.kind === 'scalar' && node.value !== null ? String(node.value) : undefined;
}

/** The same line of a shared base is one problem, however many entries extend it; so is what an unset variable leaves. */
function dropRepeated(problems: readonly Problem[]): Problem[] {
  const placeOf = ({ where }: Problem) => (where ? `${where.file.path}:${where.offset}` : undefined);
  const unset = new Set(problems.filter(({ code }) => code === 'CONFIG_ENV_UNSET').map(placeOf));
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const { code, message } = problem;
    const place = placeOf(problem);
    if (code !== 'CONFIG_ENV_UNSET' && place && unset.has(place)) return false;
    const key = `${code} ${place ?? message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
