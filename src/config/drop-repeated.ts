import type { Problem } from '../core/problem.ts';

/** The same line of a shared base is one problem, however many entries extend it; so is what an unset variable leaves. */
export function dropRepeated(problems: readonly Problem[]): Problem[] {
  const placeOf = ({ where }: Problem) => (where ? `${where.file.path}:${where.offset}` : undefined);
  const unset = new Set(problems.filter(({ code }) => code === 'CONFIG_ENV_UNSET').map(placeOf));
  const seen = new Set<string>();
  return problems.filter((problem) => {
    const { code, message } = problem;
    const place = placeOf(problem);
    if (code !== 'CONFIG_ENV_UNSET' && place && unset.has(place)) return false;
    const key = `${code} ${place ?? message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
