// What the system's loader says of a library that it can't load, in words that say what to do.

/** A sentence's end. */
export function explainLoadFailure(message: string): string {
  const [line = ''] = message.split('\n');
  const missing = line.match(/^(\S+): cannot open shared object file/)?.[1];
  if (missing && /^libcuda\.so/.test(missing))
    return `${missing} is missing, which NVIDIA's driver brings: this libtorch is for a machine with a GPU (a libtorch for CPUs does not need it)`;
  if (missing && /^lib(cu|nv)/.test(missing))
    return `${missing} of CUDA is missing: this libtorch is for NVIDIA GPUs, and what it came with is not complete (\`pip install --force-reinstall torch\` brings it, a libtorch for CPUs does not need it)`;
  if (missing) return `the library ${missing}, which it needs, is missing`;
  const symbol = line.match(/undefined symbol: (\S+)/)?.[1];
  if (symbol)
    return `it does not fit this libtorch, which was built for another C++ ABI or is another version (no ${symbol.slice(0, 60)})`;
  if (/GLIBC(XX)?_[\d.]+' not found/.test(line))
    return `it needs newer system libraries than those here (${line})`;
  return line;
}
