// The addon's functions that record a step and replay it. Where no GPU is, recording only watches, and nothing replays.

export interface RecordingOps {
  /** From now on the addon's functions are recorded. On a GPU they compute nothing before a replay. */
  startRecording(): void;
  /** -> the recording's number. */
  finishRecording(): number;
  /** Instead of finishing it: what was recorded is forgotten. */
  abandonRecording(): void;
  /** Whether every tensor from before that it uses still has its handle and its memory. */
  isRecordingCurrent(recording: number): boolean;
  /** Computes the step again, in the same memory. */
  replay(recording: number): void;
  dropRecording(recording: number): void;
}
