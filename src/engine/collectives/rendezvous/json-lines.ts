// JSON values over a socket, one a line: what is said before ranks trust each other, so lines are bounded.

import type { Socket } from 'node:net';

const LONGEST_LINE = 1 << 20;

/** Calls `onValue` for each line; whoever sends what is no JSON, or too much, is cut off. */
export function readJsonLines(socket: Socket, onValue: (value: unknown) => void): void {
  let text = '';
  socket.setEncoding('utf8').on('data', (part) => {
    text += part;
    const lines = text.split('\n');
    text = lines.pop()!;
    if (text.length > LONGEST_LINE) socket.destroy();
    for (const line of lines) {
      const value = parse(line);
      if (value === undefined) socket.destroy();
      else onValue(value);
    }
  });
}

export function writeJsonLine(socket: Socket, value: unknown): void {
  socket.write(`${JSON.stringify(value)}\n`);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
