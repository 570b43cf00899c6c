import { searchKernel } from '../search.ts';

export const searchSorted = searchKernel('SearchSorted', ({ side }) => side === 'right');
