// What the config layer hands on: a document with every default filled in, every `extends`
// merged, every matrix expanded. Plain JSON: it is hashed, written to disk and sent to workers.
// The recipe types themselves are generated from the JSON Schemas (schema/*.generated.ts).

import type { Fidelity } from './fidelity.ts';
import type { SettingsPart } from './list-settings.ts';
import type {
  LaunchConfig,
  PublishedValue,
  ReportConfig,
  TrackingConfig,
} from './schema/experiment.generated.ts';
import type { DetectionRecipe, KnnRecipe, LinclsRecipe, PretrainRecipe } from './schema/recipe.generated.ts';

/** One experiment, ready to be compiled to a graph. A recipe run alone is an experiment of one method. */
export interface ResolvedExperiment {
  /** Kebab-case; names the folder under the output root. */
  readonly name: string;
  /** The file it came from, as the user wrote it. */
  readonly file: string;
  readonly claim?: string;
  readonly source?: string;
  readonly seed: number;
  readonly trials: number;
  readonly methods: readonly ResolvedMethod[];
  readonly evaluations: readonly ResolvedEvaluation[];
  readonly launch: LaunchConfig;
  readonly report: ReportConfig;
  readonly tracking?: TrackingConfig;
  /** How its methods and evaluations depart from the published recipes. */
  readonly fidelity?: readonly Fidelity[];
  /** Every setting and who set it, where it is asked for. */
  readonly settings?: readonly SettingsPart[];
}

/** A row of the table: how an encoder comes into being. Cells of a matrix are methods of their own. */
export interface ResolvedMethod {
  /** Unique, a safe folder name, e.g. `mocov2` or `ablation-mlp-aug+`. */
  readonly name: string;
  /** What the table prints. */
  readonly label: string;
  readonly recipe: PretrainRecipe;
  /** How `lr: auto` was applied, where it was. */
  readonly lrRule?: string;
  /** SHA-256 of the content of `checkpoint` or `resume`, where the method has one and it was there to be read. */
  readonly checkpointSha256?: string;
  /** Evaluation name -> metric (`top1`, `top5`) -> what the paper prints. */
  readonly published: { readonly [evaluation: string]: { readonly [metric: string]: PublishedValue } };
}

/** How an encoder may be judged. */
export type EvaluationRecipe = LinclsRecipe | KnnRecipe | DetectionRecipe;

/** A column of the table: how an encoder is judged. */
export interface ResolvedEvaluation {
  readonly name: string;
  readonly label: string;
  readonly recipe: EvaluationRecipe;
  /** How `lr: auto` was applied, where it was. */
  readonly lrRule?: string;
}
