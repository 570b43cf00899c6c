// PyTorch itself reads what we write and writes what we read, where a Python with torch is installed.

import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeConverted } from '../../src/cli/convert.ts';
import { readMetricsLog } from '../../src/runs/metrics-log.ts';
import { readTensorFile } from '../../src/runs/tensor-file.ts';
import { askTorch, torchNote, torchPython } from '../helpers/find-torch.ts';
import { makeFolder } from '../helpers/make-record.ts';
import { createStageRunner, makeTinyExperiment, runKinds } from '../helpers/run-stages.ts';

describe.skipIf(!torchPython)(`PyTorch, ${torchNote}`, () => {
  test('theirs -> ours -> theirs is the same bit for bit, optimiser and all', () => {
    const folder = makeFolder();
    const [zip, legacy, between, back] = ['a.pth.tar', 'b.pth.tar', 'c.safetensors', 'd.pth.tar'].map(
      (name) => path.join(folder, name),
    ) as [string, string, string, string];
    askTorch('write', zip, legacy);
    for (const theirs of [zip, legacy]) {
      writeConverted(theirs, back, { encoder: false });
      askTorch('compare', theirs, back);
      writeConverted(theirs, between, { encoder: false });
      writeConverted(between, back, { encoder: false });
      askTorch('compare', theirs, back);
    }
  });

  test('main_moco.py can resume from ours, and we from what PyTorch has saved again', async () => {
    const whole = createStageRunner(makeTinyExperiment());
    await whole.run('pretrain');
    const checkpoint = path.join(whole.folderOf(whole.find('pretrain')), 'checkpoint_0001.pth.tar');
    expect(askTorch('resume', checkpoint).trim().split('\n')).toEqual([
      expect.stringMatching(/^2 resnet18 0\.\d+ 0\.9 0\.0005$/),
      'module.queue module.queue_ptr module.encoder_q.conv1.weight torch.int64 (1,)',
      '64 128 True',
    ]);

    const stopped = createStageRunner(makeTinyExperiment());
    await stopped.run('pretrain', {
      onProgress: ({ epoch = 0 }, stop) => {
        if (epoch === 2) stop.abort();
      },
    });
    const first = path.join(stopped.folderOf(stopped.find('pretrain')), 'checkpoint_0000.pth.tar');
    const resaved = path.join(makeFolder(), 'resaved.pth.tar');
    askTorch('resave', first, resaved);
    const [method] = makeTinyExperiment().methods;
    const goingOn = createStageRunner(
      makeTinyExperiment({ methods: [{ ...method!, recipe: { ...method!.recipe, resume: resaved } }] }),
    );
    await goingOn.run('pretrain');
    const again = path.join(goingOn.folderOf(goingOn.find('pretrain')), 'checkpoint_0001.pth.tar');
    expect(readTensorFile(again)).toEqual(readTensorFile(checkpoint));
    askTorch('compare_training', checkpoint, again);
  });

  test('main_lincls.py can resume from our classifiers', async () => {
    const runner = createStageRunner(makeTinyExperiment());
    await runKinds(runner, 'pretrain', 'extract', 'lincls');
    const folder = runner.folderOf(runner.find('lincls'));
    const best = Math.max(
      ...readMetricsLog(path.join(folder, 'metrics.jsonl'))
        .filter(({ split }) => split === 'val')
        .map(({ acc1 }) => Number(acc1)),
    );
    for (const name of ['checkpoint.pth.tar', 'model_best.pth.tar']) {
      expect(askTorch('classifier', path.join(folder, name)).trim()).toMatch(
        new RegExp(
          `^\\d resnet18 ${best} \\[\\(4, 32\\), \\(4,\\)\\] module\\.conv1\\.weight module\\.fc\\.bias$`,
        ),
      );
    }
  });

  test('Detectron2 gets what the MoCo converter would give it', async () => {
    const runner = createStageRunner(makeTinyExperiment());
    await runner.run('pretrain');
    const folder = runner.folderOf(runner.find('pretrain'));
    const [checkpoint, pickle] = ['checkpoint_0001.pth.tar', 'out.pkl'].map((name) =>
      path.join(folder, name),
    ) as [string, string];
    writeConverted(checkpoint, pickle, { encoder: false });
    askTorch('detectron', checkpoint, pickle);
  });
});
