// Labels that fit. How wide text is, only a browser knows: the guess here is on the wide side.

/** Mean width of a character over the font size. */
const CHARACTER = 0.58;

/** How wide text is drawn, at most as a rule. Both in pixels. */
export function guessWidth(text: string, fontSize: number): number {
  return text.length * fontSize * CHARACTER;
}

/** The label, or its start and `…` where it is wider. Both in pixels. */
export function fitLabel(text: string, { width, fontSize }: { width: number; fontSize: number }): string {
  if (guessWidth(text, fontSize) <= width) return text;
  const characters = [...text];
  const fitting = Math.max(1, Math.floor(width / (fontSize * CHARACTER)) - 1);
  return `${characters.slice(0, fitting).join('').trimEnd()}…`;
}
