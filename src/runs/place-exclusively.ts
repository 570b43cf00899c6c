// Gives a finished file a second name, unless that name is taken: whoever finds it finds it whole.

import { constants, copyFileSync, linkSync } from 'node:fs';

/** False if the name is taken. */
export function placeExclusively(file: string, name: string): boolean {
  try {
    return placeByLink(file, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Where the file system knows no links (exFAT, some network drives), a copy has to do. */
function placeByLink(file: string, name: string): true {
  try {
    linkSync(file, name);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (!['EPERM', 'ENOTSUP', 'ENOSYS'].includes(code)) throw error;
    copyFileSync(file, name, constants.COPYFILE_EXCL);
  }
  return true;
}
