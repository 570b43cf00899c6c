// What the system's loader says of TensorFlow's libraries, in words that say what to do.

/** A sentence's end. */
export function explainTensorflowFailure(message: string): string {
  const [line = ''] = message.split('\n');
  const missing = line.match(/([^\s:]+\.so[\w.]*): cannot open shared object file/)?.[1];
  if (missing && /^libtensorflow/.test(missing))
    return `${missing} of TensorFlow is gone from where it was installed`;
  if (missing && /^lib(cu|nv)/.test(missing))
    return `${missing} of CUDA is missing: this libtensorflow is for NVIDIA GPUs and another CUDA than the one here (one for CPUs does not need it)`;
  if (missing) return `the library ${missing}, which it needs, is missing`;
  const symbol = line.match(/undefined symbol: ([^\s,]+)/)?.[1];
  if (symbol)
    return `it does not fit this libtensorflow, which is another version or was built for another C++ ABI (no ${symbol.slice(0, 60)})`;
  if (/GLIBC(XX)?_[\d.]+' not found/.test(line))
    return `it needs newer system libraries than those here (${line})`;
  if (/file too short|invalid ELF header/.test(line)) return `one of its files is damaged (${line})`;
  return line;
}
