// A step as a CUDA graph. The first runs go as they are: cuDNN finds its algorithms, filters get their layout, the
// allocator its memory. Then the step is recorded on inputs that stay, which every run copies its own into. A graph knows
// memory by its address, so before each replay it is made sure that everything is where it was and that nobody else
// shows what is overwritten; where not, the step runs as it is, and is recorded anew.

import * as tf from '@tensorflow/tfjs-core';
import { type Capture, type CapturedStep, createInputCheck, type NamedTensors } from '../capture.ts';
import type { TorchBackend } from './backend.ts';

const RUNS_BEFORE = 3;

export function createCapture(backend: TorchBackend): Capture {
  return (step) => captureOn(backend, step);
}

function captureOn<Inputs extends NamedTensors, Outputs extends NamedTensors>(
  backend: TorchBackend,
  step: (inputs: Inputs) => Outputs,
): CapturedStep<Inputs, Outputs> {
  const check = createInputCheck();
  let runs = 0;
  let written: ReadonlySet<tf.Variable> = new Set();
  let recording: Recording<Inputs, Outputs> | undefined;
  const forget = () => {
    recording?.dispose();
    recording = undefined;
    runs = 0;
  };
  const runAsItIs = (inputs: Inputs) => {
    runs++;
    const watched = backend.watchWrites(() => step(inputs));
    written = watched.written;
    return watched.result;
  };
  return {
    run: (inputs) => {
      check(inputs);
      const isFree = backend.isUnshared(...written);
      if (recording && !(isFree && recording.isCurrent())) forget();
      if (!isFree || (!recording && runs < RUNS_BEFORE)) return runAsItIs(inputs);
      recording ??= record(backend, step, inputs);
      return recording.run(inputs);
    },
    dispose: forget,
  };
}

interface Recording<Inputs, Outputs> {
  isCurrent(): boolean;
  run(inputs: Inputs): Outputs;
  dispose(): void;
}

/** Records the step, which computes nothing yet. What it throws ends the recording. */
function record<Inputs extends NamedTensors, Outputs extends NamedTensors>(
  backend: TorchBackend,
  step: (inputs: Inputs) => Outputs,
  inputs: Inputs,
): Recording<Inputs, Outputs> {
  const { addon } = backend;
  const own = mapTensors(inputs, (tensor) => tf.keep(copy(backend, tensor)));
  addon.startRecording();
  try {
    const outputs = mapTensors(step(own), (tensor) => tf.keep(tensor));
    return createRecording(backend, { number: addon.finishRecording(), inputs: own, outputs });
  } catch (error) {
    addon.abandonRecording();
    tf.dispose(Object.values(own));
    throw error;
  }
}

function createRecording<Inputs extends NamedTensors, Outputs extends NamedTensors>(
  backend: TorchBackend,
  {
    number,
    inputs,
    outputs,
  }: { readonly number: number; readonly inputs: Inputs; readonly outputs: Outputs },
): Recording<Inputs, Outputs> {
  const { addon } = backend;
  return {
    isCurrent: () => addon.isRecordingCurrent(number),
    run: (given) => {
      for (const [name, tensor] of Object.entries(inputs))
        addon.CopyInto(backend.handleOf(tensor), backend.handleOf(given[name]!));
      addon.replay(number);
      return mapTensors(outputs, (tensor) => copy(backend, tensor));
    },
    dispose: () => {
      addon.dropRecording(number);
      tf.dispose([...Object.values(inputs), ...Object.values(outputs)]);
    },
  };
}

/** A tensor of its own memory, on the stream that computes. */
function copy(backend: TorchBackend, tensor: tf.Tensor): tf.Tensor {
  const handle = backend.addon.Copy(backend.handleOf(tensor));
  return tf.engine().makeTensorFromTensorInfo(backend.adopt(handle, tensor.shape, tensor.dtype));
}

function mapTensors<Tensors extends NamedTensors>(
  tensors: Tensors,
  map: (tensor: tf.Tensor) => tf.Tensor,
): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, map(tensor)]),
  ) as unknown as Tensors;
}
