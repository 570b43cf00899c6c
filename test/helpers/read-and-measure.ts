// Reads a file of tensors in a process of its own and prints how much memory that took. Run by a test.

import { readTensorFile } from '../../src/runs/tensor-file.ts';

const before = process.resourceUsage().maxRSS;
const { tensors } = readTensorFile(process.argv[2]!);
const bytes = [...tensors.values()].reduce((sum, { values }) => sum + values.byteLength, 0);
const grown = (process.resourceUsage().maxRSS - before) * 1024;
process.stdout.write(JSON.stringify({ tensors: tensors.size, bytes, grown }));
