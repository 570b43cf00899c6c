/* Placeholder of the types that tools/generate-config-types.mjs generates from experiment.schema.json. Same names, same shapes. */
export interface PublishedValue { mean: number; std?: number; trials?: number[]; source: string; }
export interface LaunchConfig { /** `auto`, `cpu`, `cpu:2`, `cuda`, `cuda:0,2` */ devices: string; failureMode: 'continue' | 'no-new' | 'kill'; }
export interface ReportConfig { /** columns, as evaluation.metric; default: every evaluation's top1 */ columns: string[]; }
