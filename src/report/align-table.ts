// A table for the terminal: columns padded to one width, the first to the left, the others to the right.

/** Renders the lines of a table, a rule below its header. Rows are as long as the header. */
export function alignTable(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((cells) => (cells[column] ?? '').length)),
  );
  const renderRow = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [renderRow(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(renderRow)];
}
