// What the process tells the shell.

export const ExitCode = {
  done: 0,
  stageFailed: 1,
  usage: 2,
  bug: 70,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
