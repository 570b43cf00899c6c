// Numbers as people read them in a plan: 50.0k images, 46.1 MB, 2m 10s.

/** Counts: whole below 10,000, then three digits and a unit. */
export function formatCount(count: number): string {
  if (count < 10_000) return groupThousands(count);
  return scale(count, [
    [1e9, 'G'],
    [1e6, 'M'],
    [1e3, 'k'],
  ]);
}

/** Bytes in decimal units, as disks are sold and `ls -h --si` prints. */
export function formatBytes(bytes: number): string {
  return scale(bytes, [
    [1e12, ' TB'],
    [1e9, ' GB'],
    [1e6, ' MB'],
    [1e3, ' kB'],
    [1, ' B'],
  ]);
}

/** Durations by their two largest units: `45s`, `2m 10s`, `3h 20m`, `5d 4h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return '<1s';
  const seconds = Math.round(ms / 1000);
  const minutes = Math.round(seconds / 60);
  const hours = Math.round(minutes / 60);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return joinUnits(Math.floor(seconds / 60), 'm', seconds % 60, 's');
  if (minutes < 24 * 60) return joinUnits(Math.floor(minutes / 60), 'h', minutes % 60, 'm');
  return joinUnits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function joinUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit} ${small}${smallUnit}`;
}

/** Writes `1,234 stages`, `1 stage`. */
export function formatAmount(count: number, noun: string): string {
  return `${groupThousands(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function groupThousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Three digits and the largest unit that leaves at least one before the point. */
function scale(value: number, units: readonly (readonly [number, string])[]): string {
  const smallest = units.at(-1) ?? [1, ''];
  const [unit, name] = units.find(([size]) => value >= size * 0.9995) ?? smallest;
  return `${unit === 1 ? Math.round(value) : (value / unit).toPrecision(3)}${name}`;
}
