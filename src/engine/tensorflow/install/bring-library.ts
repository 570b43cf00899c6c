// Brings a libtensorflow: headers of its C interface and its two libraries, out of an archive, a folder or a
// Python wheel, which pip downloads where nothing was named.

import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { ProblemError } from '../../../core/problem.ts';
import { findProgram, runTool } from '../../install/run-tool.ts';
import { OFFICIAL_CUDA } from '../explain-no-gpu.ts';
import { reportDownload, reportLibrary, reportTool } from './problems.ts';

/** Known to work with tfjs-node 4.22.0; its build for GPUs is for CUDA 12.2 and cuDNN 8.9. */
const WHEEL_VERSION = '2.15.1';

/** A libtensorflow on this disk. */
export interface Libtensorflow {
  readonly include: string;
  /** The C interface's library first, then the framework's. */
  readonly libraries: readonly [string, string];
  readonly origin: string;
  /** Libraries of CUDA that it opens by name; none: for CPUs alone. */
  readonly cudaLibraries: readonly string[];
}

export interface BringOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly gpu: boolean;
  /** Of the user; absent: the wheel of PyPI. */
  readonly libtensorflow?: string;
  readonly say: (line: string) => void;
}

/** Throws TENSORFLOW_LIBRARY, TENSORFLOW_DOWNLOAD or TENSORFLOW_TOOL. `working` is a folder for what is unpacked. */
export async function bringLibrary(working: string, options: BringOptions): Promise<Libtensorflow> {
  const place = options.libtensorflow ? path.resolve(options.libtensorflow) : undefined;
  if (place && !existsSync(place)) throw new ProblemError(reportLibrary(place, 'there is nothing'));
  if (place && statSync(place).isDirectory()) return readLibrary(place, place, options);
  const file = place ?? (await downloadWheel(working, options));
  const unpacked = path.join(working, 'library');
  mkdirSync(unpacked, { recursive: true });
  options.say(`unpacking ${path.basename(file)}`);
  await unpack(file, unpacked, options.env);
  return readLibrary(unpacked, place ?? path.basename(file), options);
}

async function downloadWheel(working: string, { env, gpu, say }: BringOptions): Promise<string> {
  const python = findProgram('python3', env);
  if (!python) throw new ProblemError(reportTool('python3', 'python3-pip'));
  const name = `${gpu ? 'tensorflow' : 'tensorflow-cpu'}==${WHEEL_VERSION}`;
  say(`pip downloads the wheel of ${name} (${gpu ? 475 : 207} MB)`);
  // Whatever Python is here: only the libraries are taken out of it.
  const target = ['--python-version', '3.11', '--platform', 'manylinux_2_17_x86_64'];
  const command = [python, '-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', ...target];
  const { code, signal, lines } = await runTool([...command, '-d', working, name], () => {}, { env });
  const wheel = readdirSync(working).find((file) => file.endsWith('.whl'));
  if (code === 0 && wheel) return path.join(working, wheel);
  if (lines.some((line) => /No module named pip/.test(line)))
    throw new ProblemError(reportTool('pip', 'python3-pip'));
  const said =
    lines.findLast((line) => /ERROR/.test(line)) ?? `pip ended with ${signal ?? `exit code ${code}`}`;
  throw new ProblemError(reportDownload(`the wheel of ${name}`, said.trim().slice(0, 200)));
}

/** Takes what is needed out of a wheel; all of an archive. */
async function unpack(file: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const isWheel = file.endsWith('.whl');
  const [tool, debianPackage] = isWheel ? ['python3', 'python3'] : ['tar', 'tar'];
  const program = findProgram(tool!, env);
  if (!program) throw new ProblemError(reportTool(tool!, debianPackage!));
  const command = isWheel ? [program, '-c', UNZIP, file, folder] : [program, '-xf', file, '-C', folder];
  const { code, lines } = await runTool(command, () => {}, { env });
  if (code !== 0)
    throw new ProblemError(
      reportLibrary(file, (isWheel ? lines.at(-1) : lines[0])?.trim() || 'it does not unpack'),
    );
}

const UNZIP = `import sys, zipfile
wheel = zipfile.ZipFile(sys.argv[1])
wanted = ('tensorflow/include/', 'tensorflow/libtensorflow', 'tensorflow/python/platform/build_info.py')
wheel.extractall(sys.argv[2], [name for name in wheel.namelist() if name.startswith(wanted)])`;

/** Throws TENSORFLOW_LIBRARY where headers or libraries are missing. */
function readLibrary(folder: string, origin: string, { gpu }: BringOptions): Libtensorflow {
  const root = [folder, path.join(folder, 'tensorflow')].find((each) =>
    existsSync(path.join(each, 'include/tensorflow/c/eager/c_api.h')),
  );
  if (!root) throw new ProblemError(reportLibrary(origin, 'it has no include/tensorflow/c/eager/c_api.h'));
  const find = (...names: string[]) => {
    const files = names.flatMap((name) => [path.join(root, 'lib', name), path.join(root, name)]);
    const found = files.find((file) => existsSync(file));
    if (!found) throw new ProblemError(reportLibrary(origin, `it has no ${names.join(' and no ')}`));
    return found;
  };
  return {
    include: path.join(root, 'include'),
    libraries: [find('libtensorflow.so.2', 'libtensorflow_cc.so.2'), find('libtensorflow_framework.so.2')],
    origin,
    cudaLibraries: readBuildInfo(root) ?? (gpu ? OFFICIAL_CUDA : []),
  };
}

/** What a wheel says of its CUDA; undefined where it is no wheel. */
function readBuildInfo(root: string): readonly string[] | undefined {
  const file = path.join(root, 'python/platform/build_info.py');
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  const [cuda] = text.match(/(?<=cuda_version\W+)\d+/) ?? [];
  const [cudnn] = text.match(/(?<=cudnn_version\W+)\d+/) ?? [];
  if (!cuda) return [];
  return [
    `libcudart.so.${cuda === '11' ? '11.0' : cuda}`,
    `libcublas.so.${cuda}`,
    `libcudnn.so.${cudnn ?? 8}`,
  ];
}
