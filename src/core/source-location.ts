// Where in a text file something stands: a file with its contents, and a range in it.
// Line and column are derived, never stored, so that a location can't disagree with its text.

/** A text file as it was read. `path` is shown to the user as it is. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A range of characters in a file. `length` 0 is a point. */
export interface SourceLocation {
  readonly file: SourceFile;
  readonly offset: number;
  readonly length: number;
}

/** A place as people count it: first line 1, first column 1. */
export interface LineColumn {
  readonly line: number;
  readonly column: number;
}

/** Converts a character offset to line and column. Tabs count as one column. */
export function toLineColumn(text: string, offset: number): LineColumn {
  let [line, start] = [1, 0];
  for (let next = text.indexOf('\n'); next >= 0 && next < offset; next = text.indexOf('\n', start)) {
    line++;
    start = next + 1;
  }
  return { line, column: offset - start + 1 };
}

/** Renders `path:line:column`, the form that terminals and editors make clickable. */
export function renderLocation(where: SourceLocation): string {
  const { line, column } = toLineColumn(where.file.text, where.offset);
  return `${where.file.path}:${line}:${column}`;
}
