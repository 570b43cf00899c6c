/* Generated from the JSON Schema beside it by `npm run generate`. Do not edit. */

export type ExperimentPart = PublishedValue | LaunchConfig | ReportConfig | TrackingConfig;

/**
 * What a paper prints for a cell.
 */
export interface PublishedValue {
  /**
   * Percent.
   */
  mean: number;
  /**
   * Population standard deviation over its trials, in points.
   */
  std?: number;
  /**
   * Its trials.
   */
  trials?: number[];
  /**
   * Where it stands.
   */
  source: string;
}
/**
 * How the graph is run. Changes no result, but for devicesPerTrial.
 */
export interface LaunchConfig {
  /**
   * auto; cpu; cpu:N (N workers, cores divided among them); cuda; cuda:0,2.
   */
  devices: string;
  /**
   * Devices that each training takes together. Absent: what its recipe says as devices. Part of a stage's identity where it is more than 1.
   */
  devicesPerTrial?: number;
  /**
   * A stage that does nothing for so long is stopped and has failed.
   */
  stallTimeout: number;
  /**
   * After SIGTERM or SIGUSR1: time for running stages to write a checkpoint, after which they are killed.
   */
  preemptionGrace: number;
  /**
   * How often a stage is started again, from its last checkpoint, after a failure that may pass (a lost device, a killed or stalled worker). Counted anew where it has come further.
   */
  retries: number;
  /**
   * Wait before the first of these; each next one waits twice as long, up to 10 minutes.
   */
  retryDelay: number;
  /**
   * After a failure: run what does not depend on it (continue), start nothing new (no-new), or stop everything (kill).
   */
  failureMode: 'continue' | 'no-new' | 'kill';
}
/**
 * The table.
 */
export interface ReportConfig {
  /**
   * Columns as evaluation.metric; none: top1 of every evaluation.
   */
  columns: string[];
  /**
   * Means closer than this to the published one count as the same.
   */
  margin: number;
  /**
   * Probability of a wrong verdict that each test allows.
   */
  alpha: number;
  /**
   * CSV that is drawn beside our curves. Its columns are epoch (how many are done: 1 after the first) and the names of curves, such as loss or knn.top1, or those of the authors' CIFAR log; `value` means the first evaluation's top1. Relative to the working folder.
   */
  reference?: string;
}
/**
 * What else is told of a run, beside its folder. Changes no result.
 */
export interface TrackingConfig {
  mlflow?: MlflowConfig;
}
/**
 * An MLflow tracking server that is told of every trial. `mlflow: {}` takes both from the environment. Who may write is said by MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, there alone.
 */
export interface MlflowConfig {
  /**
   * Its address, such as http://127.0.0.1:5000. Absent: $MLFLOW_TRACKING_URI.
   */
  uri?: string;
  /**
   * MLflow's experiment; made where there is none. Absent: $MLFLOW_EXPERIMENT_NAME, else this experiment's name.
   */
  experiment?: string;
}
