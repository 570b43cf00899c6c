// Where downloaded data is kept between runs: $MOCO_CACHE, else the user's cache folder.

import { homedir } from 'node:os';
import path from 'node:path';

export function findCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  if (env.MOCO_CACHE) return path.resolve(env.MOCO_CACHE);
  return path.join(env.XDG_CACHE_HOME || path.join(homedir(), '.cache'), 'mocolab');
}
