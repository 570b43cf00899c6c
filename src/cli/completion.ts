// `moco completion SHELL`: a script made from the program itself, so that it knows every option there is.

import type { Command } from 'commander';
import { ExitCode } from '../core/exit-code.ts';

export type Shell = 'bash' | 'zsh' | 'fish';

/** Prints the script. */
export function completion(shell: Shell, program: Command): ExitCode {
  process.stdout.write(scripts[shell](program.commands.map(describe)));
  return ExitCode.done;
}

interface Described {
  readonly name: string;
  readonly description: string;
  readonly options: readonly {
    readonly long: string;
    readonly description: string;
    readonly takesValue: boolean;
    readonly choices: readonly string[];
  }[];
  /** What its words may be: names of commands below it, or fixed choices; empty for files. */
  readonly words: readonly string[];
}

function describe(command: Command): Described {
  // `data fetch NAME` is the one command below a command: offer its words and options at once.
  const leaf = command.commands[0] ?? command;
  const choices = leaf.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return {
    name: command.name(),
    description: command.description(),
    options: leaf.options.flatMap(({ long, description, required, optional, argChoices }) =>
      long ? [{ long, description, takesValue: required || optional, choices: argChoices ?? [] }] : [],
    ),
    words: [...command.commands.map((each) => each.name()), ...choices],
  };
}

const scripts: { readonly [S in Shell]: (commands: readonly Described[]) => string } = {
  bash: renderBash,
  zsh: renderZsh,
  fish: renderFish,
};

function renderBash(commands: readonly Described[]): string {
  const values = listChoices(commands).map(
    ([long, choices]) => `    ${long}) COMPREPLY=($(compgen -W "${choices.join(' ')}" -- "$cur")); return ;;`,
  );
  const cases = commands.map(({ name, options, words }) => {
    const offered = words.length > 0 ? `-W "${words.join(' ')}"` : '-f';
    const flags = options.map(({ long }) => long).join(' ');
    return `    ${name}) if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "${flags} --help" -- "$cur")); else COMPREPLY=($(compgen ${offered} -- "$cur")); fi ;;`;
  });
  return `# bash completion of moco: source <(moco completion bash)
_moco() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  if [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} help --help --version" -- "$cur"))
    return
  fi
  case "$prev" in
${values.join('\n')}
  esac
  case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac
}
complete -o filenames -F _moco moco
`;
}

function renderZsh(commands: readonly Described[]): string {
  const cases = commands.map(({ name, options, words }) => {
    const specs = options.map(({ long, description, takesValue, choices }) => {
      const value = choices.length > 0 ? `:value:(${choices.join(' ')})` : takesValue ? ':value:_files' : '';
      return `'*${long}[${escapeZsh(description)}]${value}'`;
    });
    const rest = words.length > 0 ? `'*:name:(${words.join(' ')})'` : `'*:file:_files'`;
    return `    ${name}) _arguments ${[...specs, rest].join(' ')} ;;`;
  });
  const names = commands.map(({ name, description }) => `'${name}:${escapeZsh(description)}'`);
  return `#compdef moco
# zsh completion of moco: source <(moco completion zsh)
_moco() {
  local -a commands=(${names.join(' ')})
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local name=$words[2]
  shift words
  (( CURRENT-- ))
  case $name in
${cases.join('\n')}
  esac
}
compdef _moco moco
`;
}

function renderFish(commands: readonly Described[]): string {
  const lines = commands.flatMap(({ name, description, options, words }) => {
    const below = `complete -c moco -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c moco -n __fish_use_subcommand -f -a ${name} -d '${escapeFish(description)}'`,
      ...options.map(({ long, description, takesValue, choices }) => {
        const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : '';
        return `${below} -l ${long.slice(2)}${value} -d '${escapeFish(description)}'`;
      }),
      ...(words.length > 0 ? [`${below} -f -a '${words.join(' ')}'`] : []),
    ];
  });
  return `# fish completion of moco: moco completion fish | source\n${lines.join('\n')}\n`;
}

/** Options with fixed values, each once with all values that any command knows. */
function listChoices(commands: readonly Described[]): [string, string[]][] {
  const all = new Map<string, Set<string>>();
  for (const { long, choices } of commands.flatMap(({ options }) => options)) {
    if (choices.length > 0) all.set(long, new Set([...(all.get(long) ?? []), ...choices]));
  }
  return [...all].map(([long, choices]) => [long, [...choices]]);
}

function escapeZsh(text: string): string {
  return text.replaceAll("'", '’').replace(/[[\]:]/g, '\\$&');
}

function escapeFish(text: string): string {
  return text.replaceAll("'", '’');
}
