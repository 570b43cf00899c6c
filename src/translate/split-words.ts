// Splits a command line into words as a POSIX shell does: quotes, backslashes, line continuations,
// comments. `$NAME` becomes `${NAME}`, which our files know too. Stops where another command begins.

import { ProblemError } from '../core/problem.ts';

/** Pipes, lists and redirections: what follows is no argument. */
const OPERATOR = /^(?:\d*>{1,2}(?:&\d+)?|\d*<|&&?|\|\|?|;)/;

/** The words of the first command. Throws TRANSLATE_UNCLOSED_QUOTE. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let rest = text;
  for (;;) {
    rest = rest.replace(/^(?:\s|\\\r?\n)+/, '');
    if (rest === '' || rest.startsWith('#') || OPERATOR.test(rest)) return words;
    const { word, length } = readWord(rest);
    words.push(word);
    rest = rest.slice(length);
  }
}

function readWord(text: string): { readonly word: string; readonly length: number } {
  let word = '';
  let at = 0;
  while (at < text.length && !/[\s|&;<>]/.test(text[at]!)) {
    const part = readPart(text.slice(at), text);
    word += part.word;
    at += part.length;
  }
  return { word, length: at };
}

function readPart(text: string, whole: string): { readonly word: string; readonly length: number } {
  switch (text[0]) {
    case "'": {
      const end = text.indexOf("'", 1);
      if (end < 0) throw reportUnclosed("'", whole);
      return { word: text.slice(1, end), length: end + 1 };
    }
    case '"': {
      const match = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(text);
      if (!match) throw reportUnclosed('"', whole);
      const inside = match[1]!.replace(/\\(["\\$`])/g, '$1').replace(/\\\r?\n/g, '');
      return { word: nameVariables(inside), length: match[0].length };
    }
    case '\\':
      return { word: text[1] === '\n' ? '' : (text[1] ?? ''), length: 2 };
    default: {
      const plain = /^[^\s'"\\|&;<>]+/.exec(text)![0];
      return { word: nameVariables(plain), length: plain.length };
    }
  }
}

function nameVariables(text: string): string {
  return text.replace(/\$([A-Za-z_]\w*)/g, (_, name: string) => `\${${name}}`);
}

function reportUnclosed(quote: string, whole: string): ProblemError {
  return new ProblemError({
    code: 'TRANSLATE_UNCLOSED_QUOTE',
    message: `Expected a second ${quote} but the command ends first: ${whole.slice(0, 60)}`,
    hint: 'Close the quote, or give the words themselves: moco translate -- python main_moco.py ...',
  });
}
