// Every tensor of an encoder's state_dict as data, by torchvision's names, in its order: what it is,
// its shape in PyTorch's layout, and how it starts. Pure: no tensor is made here.

import type { ModelConfig } from '../config/schema/recipe.generated.ts';
import { type ConvSpec, describeResNet } from './resnet-spec.ts';
import type { ParameterKind } from './torch-layout.ts';

/** The projection head on top of the pooled features: `fc`. */
export interface HeadConfig {
  /** Output size. */
  readonly dim: number;
  /** Two layers with a ReLU between (MoCo v2), or one (MoCo v1). */
  readonly mlp: boolean;
}

/** One tensor of a state_dict. */
export interface StateEntry {
  readonly name: string;
  /** Trained; BatchNorm's running statistics; or its counter of batches (int64). */
  readonly role: 'parameter' | 'statistic' | 'counter';
  readonly kind: ParameterKind;
  /** PyTorch's layout. A counter's is []. */
  readonly torchShape: readonly number[];
  readonly start: StartValue;
}

/** Constant, normal with a standard deviation, or uniform between minus and plus a bound. */
export type StartValue =
  | { readonly law: 'constant'; readonly value: number }
  | { readonly law: 'normal'; readonly std: number }
  | { readonly law: 'uniform'; readonly bound: number };

/** Lists a backbone's tensors and then, where there is a head, those of `fc`. */
export function listState(model: ModelConfig, head: HeadConfig | undefined): StateEntry[] {
  const { stem, blocks, featureDim } = describeResNet(model);
  const convs = [
    stem,
    ...blocks.flatMap(({ convs, downsample }) => (downsample ? [...convs, downsample] : convs)),
  ];
  return [...convs.flatMap(listConv), ...(head ? listHead(featureDim, head) : [])];
}

/** torchvision: kaiming_normal_(mode='fan_out', nonlinearity='relu'); BatchNorm starts as the identity. */
function listConv({ name, norm, kernel, groups, inputs, outputs }: ConvSpec): StateEntry[] {
  const vector = (suffix: string, role: 'parameter' | 'statistic', value: number): StateEntry => ({
    name: `${norm}.${suffix}`,
    role,
    kind: 'vector',
    torchShape: [outputs],
    start: { law: 'constant', value },
  });
  return [
    {
      name: `${name}.weight`,
      role: 'parameter',
      kind: 'convolution',
      torchShape: [outputs, inputs / groups, kernel, kernel],
      start: { law: 'normal', std: Math.sqrt(2 / (outputs * kernel * kernel)) },
    },
    vector('weight', 'parameter', 1),
    vector('bias', 'parameter', 0),
    vector('running_mean', 'statistic', 0),
    vector('running_var', 'statistic', 1),
    {
      name: `${norm}.num_batches_tracked`,
      role: 'counter',
      kind: 'vector',
      torchShape: [],
      start: { law: 'constant', value: 0 },
    },
  ];
}

function listHead(featureDim: number, { dim, mlp }: HeadConfig): StateEntry[] {
  if (!mlp) return listLinear('fc', featureDim, dim);
  return [...listLinear('fc.0', featureDim, featureDim), ...listLinear('fc.2', featureDim, dim)];
}

/** torch.nn.Linear's default: uniform within 1 / sqrt(inputs), weight and bias alike. */
function listLinear(name: string, inputs: number, outputs: number): StateEntry[] {
  const start: StartValue = { law: 'uniform', bound: 1 / Math.sqrt(inputs) };
  return [
    { name: `${name}.weight`, role: 'parameter', kind: 'linear', torchShape: [outputs, inputs], start },
    { name: `${name}.bias`, role: 'parameter', kind: 'vector', torchShape: [outputs], start },
  ];
}
