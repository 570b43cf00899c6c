// What the process tells the shell.

export const ExitCode = {
  done: 0,
  stageFailed: 1,
  usage: 2,
  bug: 70,
  /** Told to stop by SIGTERM or SIGUSR1, or a worker was: run it again. EX_TEMPFAIL of sysexits.h. */
  preempted: 75,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
