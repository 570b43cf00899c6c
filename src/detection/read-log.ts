// What Detectron2's log says: how far a training is, and at its end the average precisions, which its
// print_csv_format writes as three lines that begin with `copypaste:` (task, names, values).

/** COCO-style AP over IoU 0.5 to 0.95, at 0.5, and at 0.75; percent. */
export interface AveragePrecisions {
  readonly AP: number;
  readonly AP50: number;
  readonly AP75: number;
}

/** A line of training. */
export interface DetectionProgress {
  /** Iterations done. */
  readonly iteration: number;
  readonly loss: number;
}

const NAMES = ['AP', 'AP50', 'AP75'] as const;

/** Reads a line of training, such as `eta: 5:01:12  iter: 19  total_loss: 3.51  loss_cls: ...`. */
export function readProgress(line: string): DetectionProgress | undefined {
  const match = /\biter: (\d+)\s+total_loss: (\S+)/.exec(line);
  return match ? { iteration: Number(match[1]) + 1, loss: Number(match[2]) } : undefined;
}

/** Gathers the lines of a log; knows the precisions of boxes that came last. */
export class PrecisionReader {
  #names: string[] = [];
  #found: AveragePrecisions | undefined;
  #isBoxes = false;

  add(line: string): void {
    const text = /\bcopypaste: (.*)$/.exec(line)?.[1]?.trim();
    if (text === undefined) return;
    if (text.startsWith('Task:')) {
      this.#isBoxes = text === 'Task: bbox';
      this.#names = [];
    } else if (this.#isBoxes && this.#names.length === 0) this.#names = text.split(',');
    else if (this.#isBoxes) this.#found = this.#pair(text.split(',').map(Number)) ?? this.#found;
  }

  /** Undefined where the log has none, or only ones that are no numbers. */
  get precisions(): AveragePrecisions | undefined {
    return this.#found;
  }

  #pair(values: readonly number[]): AveragePrecisions | undefined {
    const [AP, AP50, AP75] = NAMES.map((name) => values[this.#names.indexOf(name)]);
    if (![AP, AP50, AP75].every(Number.isFinite)) return undefined;
    return { AP: AP!, AP50: AP50!, AP75: AP75! };
  }
}
