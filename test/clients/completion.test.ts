import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { mustRun } from '../harness/clients.ts'
import { acruxClient } from './acrux/acrux.ts'
import { step } from './az/az.ts'

const acrux = acruxClient()
const scriptOf = (shell: string): string => join(acrux.home.path, shell === 'zsh' ? '_acrux' : `acrux.${shell}`)

after(() => acrux[Symbol.dispose]())
before(async () => {
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(scriptOf(shell), `${await acrux.text(['completion', shell])}\n`)
})

/** What a shell offers after a line, which ends with the word to complete. */
type Complete = (line: string) => Promise<readonly string[]>

async function inBash(line: string): Promise<readonly string[]> {
  const script = `source '${scriptOf('bash')}'; read -ra COMP_WORDS <<< "$1"; [[ $1 == *' ' ]] && COMP_WORDS+=('')
    COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )); _acrux; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await mustRun('bash', ['--norc', '-c', script, 'bash', line], { env: acrux.home.env })
  return stdout.split('\n').filter((each) => each !== '')
}

async function inFish(line: string): Promise<readonly string[]> {
  const script = `source '${scriptOf('fish')}'; complete -C "$argv[1]"`
  const { stdout } = await mustRun('fish', ['--no-config', '-c', script, line], { env: acrux.home.env })
  return stdout
    .split('\n')
    .flatMap((each) => each.split('\t')[0] ?? '')
    .filter((each) => each !== '')
}

/** Types the line into an interactive zsh, and presses the key that lists the completions. */
async function inZsh(line: string): Promise<readonly string[]> {
  const script = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PROMPT=; fpath=('${acrux.home.path}' \\$fpath); autoload -Uz compinit; compinit -u -D"
    zpty -w shell "LISTMAX=0; setopt list_rows_first; zstyle ':completion:*' list-prompt ''; bindkey '^X' list-choices; stty cols 60; print STA''RTED"
    zpty -r -m shell out '*STARTED*'
    zpty -n -w shell "$1"$'\\x18'
    sleep 1
    zpty -n -w shell $'\\x15print FIN\\'\\'ISHED\\n'
    zpty -r -m shell out '*FINISHED*'
    print -r -- "$out"
    zpty -d shell`
  const { stdout } = await mustRun('zsh', ['-f', '-c', script, 'zsh', line], {
    env: { ...acrux.home.env, TERM: 'dumb' },
  })
  return stdout.split(/\s+/)
}

const shells: readonly (readonly [shell: string, complete: Complete])[] = [
  ['bash', inBash],
  ['fish', inFish],
  ['zsh', inZsh],
]

for (const [shell, complete] of shells) {
  step(`${shell} completes commands and options, and runs no program`, [shell], async () => {
    // No acrux is in the PATH of the home.
    const has = async (line: string, ...words: readonly string[]): Promise<void> => {
      const offered = await complete(line)
      for (const word of words) assert.ok(offered.includes(word), `${line}: ${word} is not in ${offered.join(' ')}`)
    }
    await has('acrux do', 'doctor')
    await has('acrux acr ', 'login', 'repository', 'why')
    await has('acrux acr repository s', 'show', 'show-tags')
    await has('acrux acr login -n contoso --', '--name', '--expose-token', '--help')
    await has('acrux acr can ada@example.com push --', '--name')
    const offered = await complete('acrux acr lo')
    assert.ok(!offered.includes('logout') && !offered.includes('--name'), offered.join(' '))
  })
}
