import type { Command as Parser } from 'commander'
import { WrongUsageError } from '../../framework/command/failure.ts'

/** The shells that have a completion. */
const shells = ['bash', 'fish', 'zsh'] as const

/** The words that can follow a path of the command line. */
type Completion = { readonly path: string; readonly words: readonly string[] }

/** The completion of a shell, with the subcommands and the options of all commands. @throws WrongUsageError for an unknown shell */
export function completionScript(shell: string, program: Parser): string {
  const completions = completionsOf(program, '')
  switch (shell) {
    case 'bash':
      return bashScript(completions)
    case 'zsh':
      return zshScript(completions)
    case 'fish':
      return fishScript(completions)
    default:
      throw new WrongUsageError(`there is no completion for ${shell}`, `use one of ${shells.join(', ')}`)
  }
}

/** The words that can follow the path of a parser, and the words of the parser's subcommands. */
function completionsOf(parser: Parser, path: string): readonly Completion[] {
  if (parser.commands.length === 0) {
    const options = parser.options.filter(({ hidden }) => !hidden).map(({ long, flags }) => long ?? flags)
    return [{ path, words: [...options, '--help'] }]
  }
  const below = parser.commands.flatMap((each) => completionsOf(each, `${path} ${each.name()}`.trimStart()))
  return [{ path, words: parser.commands.map((each) => each.name()) }, ...below]
}

/** The known paths as alternatives of a `case`, so that arguments after a path do not become a part of it. */
const known = (completions: readonly Completion[]): string => completions.map(({ path }) => `'${path}'`).join('|')

const cases = (completions: readonly Completion[], line: (words: string) => string): string =>
  completions.map(({ path, words }) => `    '${path}') ${line(words.join(' '))} ;;`).join('\n')

function bashScript(completions: readonly Completion[]): string {
  return `# bash completion for acrux
_acrux() {
  local path='' next word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${path:+$path }$word"
    case "$next" in ${known(completions)}) path=$next ;; *) break ;; esac
  done
  case "$path" in
${cases(completions, (words) => `words='${words}'`)}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _acrux acrux
`
}

function zshScript(completions: readonly Completion[]): string {
  return `#compdef acrux
_acrux() {
  local known='' next word
  for word in \${words[2,CURRENT-1]}; do
    next="\${known:+$known }$word"
    case "$next" in ${known(completions)}) known=$next ;; *) break ;; esac
  done
  case "$known" in
${cases(completions, (words) => `compadd -- ${words}`)}
  esac
  _files
}
if [ "$funcstack[1]" = "_acrux" ]; then _acrux "$@"; else compdef _acrux acrux; fi
`
}

function fishScript(completions: readonly Completion[]): string {
  return `# fish completion for acrux
function __acrux_path
  set -l path
  for word in (commandline -opc)[2..-1]
    set -l next $path $word
    switch "$next"
      case ${completions.map(({ path }) => `'${path}'`).join(' ')}
        set path $next
      case '*'
        break
    end
  end
  echo "$path"
end
function __acrux_words
  switch (__acrux_path)
${completions.map(({ path, words }) => `    case '${path}'\n      printf '%s\\n' ${words.join(' ')}`).join('\n')}
  end
end
complete -c acrux -a '(__acrux_words)'
`
}
