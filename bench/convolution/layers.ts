// The convolutions of the networks that bench/engine.ts trains, each once, with how often the network has it.

export interface Layer {
  readonly network: string;
  readonly batch: number;
  /** Side of the images in pixels. */
  readonly size: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly count: number;
}

const shape = (size: number, inputs: number, outputs: number, kernel: number, stride = 1, count = 1) => ({
  size,
  inputs,
  outputs,
  kernel,
  stride,
  padding: (kernel - 1) / 2,
  count,
});

/** The four stages of a ResNet-18, from the side of the first. */
const basicStages = (size: number) => [
  shape(size, 64, 64, 3, 1, 4),
  ...[64, 128, 256].flatMap((inputs, i) => {
    const side = Math.ceil(size / 2 ** i);
    const half = Math.ceil(side / 2);
    return [
      shape(side, inputs, 2 * inputs, 3, 2),
      shape(side, inputs, 2 * inputs, 1, 2),
      shape(half, 2 * inputs, 2 * inputs, 3, 1, 3),
    ];
  }),
];

/** The four stages of a ResNet-50, from the side of the first. The stride is the 3x3 convolution's, as in torchvision. */
const bottleneckStages = (size: number) => [
  shape(size, 64, 64, 1),
  shape(size, 64, 64, 3, 1, 3),
  shape(size, 64, 256, 1, 1, 4),
  shape(size, 256, 64, 1, 1, 2),
  ...[3, 5, 2].flatMap((repeats, i) => {
    const side = Math.ceil(size / 2 ** i);
    const half = Math.ceil(side / 2);
    const width = 128 * 2 ** i;
    return [
      shape(side, 2 * width, width, 1),
      shape(side, width, width, 3, 2),
      shape(side, 2 * width, 4 * width, 1, 2),
      shape(half, width, 4 * width, 1, 1, repeats + 1),
      shape(half, 4 * width, width, 1, 1, repeats),
      shape(half, width, width, 3, 1, repeats),
    ];
  }),
];

const networks = {
  'r18-224': { batch: 32, shapes: [shape(224, 3, 64, 7, 2), ...basicStages(56)] },
  'r18-32': { batch: 128, shapes: [shape(32, 3, 64, 7, 2), ...basicStages(8)] },
  'r18-32-cifar': { batch: 128, shapes: [shape(32, 3, 64, 3), ...basicStages(32)] },
  'r50-224': { batch: 16, shapes: [shape(224, 3, 64, 7, 2), ...bottleneckStages(56)] },
} as const;

export const networkNames = Object.keys(networks);

/** Throws for a name that is not there. */
export function listLayers(network: string): Layer[] {
  const found = networks[network as keyof typeof networks];
  if (!found) throw new Error(`No network ${network}; there are ${networkNames.join(', ')}.`);
  return found.shapes.map((each) => ({ network, batch: found.batch, ...each }));
}

/** Additions and multiplications of one pass, which all three have alike. */
export function countOperations({ batch, size, inputs, outputs, kernel, stride }: Layer): number {
  const places = Math.ceil(size / stride) ** 2;
  return 2 * batch * places * inputs * outputs * kernel * kernel;
}

export function describeLayer({ batch, size, inputs, outputs, kernel, stride }: Layer): string {
  return `${batch} x ${size}², ${inputs} -> ${outputs}, ${kernel}x${kernel}${stride > 1 ? ` /${stride}` : ''}`;
}
