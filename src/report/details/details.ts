// What a report shows beside its table, as data: figures before they are drawn, images, lists.

import type { SettingsPart } from '../../config/list-settings.ts';
import type { ClassesFigure } from '../figures/draw-classes.ts';
import type { ConfusionFigure } from '../figures/draw-confusion.ts';
import type { CurveFigure } from '../figures/draw-curves.ts';
import type { GraphFigure } from '../figures/draw-graph.ts';
import type { MapFigure } from '../figures/draw-map.ts';
import type { TrialsFigure } from '../figures/draw-trials.ts';

export interface ReportDetails {
  readonly trials: readonly TrialsFigure[];
  readonly curves: readonly CurveFigure[];
  readonly classes: readonly ClassesFigure[];
  readonly confusions: readonly ConfusionFigure[];
  readonly maps: readonly MapFigure[];
  readonly crops: readonly Sheet[];
  readonly neighbours: readonly NeighbourSheet[];
  readonly graph: GraphFigure;
  readonly settings: readonly SettingsPart[];
  readonly environment: readonly EnvironmentRow[];
  readonly warnings: readonly Warning[];
}

/** An image of several small ones. */
export interface Sheet {
  readonly title: string;
  /** What a reader who cannot see it is told. */
  readonly description: string;
  readonly png: Buffer;
}

export interface NeighbourSheet extends Sheet {
  /** One a row of the image. */
  readonly rows: readonly {
    readonly label: string;
    /** How many of its neighbours are of its class, and of how many. */
    readonly right: number;
    readonly of: number;
  }[];
}

/** One fact about where the stages ran; several values where they differ. */
export interface EnvironmentRow {
  readonly name: string;
  readonly values: readonly { readonly value: string; readonly stages: number }[];
}

/** Something worth knowing, and the stages that said it. */
export interface Warning {
  readonly message: string;
  readonly stages: readonly string[];
}
