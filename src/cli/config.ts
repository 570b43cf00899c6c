// `moco config`: the resolved file, and where each value came from.

import { explainConfig } from '../config/explain-config.ts';
import { ExitCode } from '../core/exit-code.ts';
import { type ConfigOptions, loadUsableConfig } from './config-options.ts';

/** Prints YAML with origins as comments. */
export function config(file: string, options: ConfigOptions): ExitCode {
  process.stdout.write(explainConfig(loadUsableConfig(file, options).explained));
  return ExitCode.done;
}
