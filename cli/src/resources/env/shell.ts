import { shellWord } from '@acrux/shared/texts/shell-word.ts'

/** The shells with a known syntax. `sh` means bash, zsh and every POSIX shell. */
export const shells = ['sh', 'fish', 'powershell'] as const

/** A shell of {@link shells}. */
export type Shell = (typeof shells)[number]

/** The commands that set variables, one per line. Every value is quoted. */
export function setText(shell: Shell, variables: Readonly<Record<string, string>>): string {
  return lines(Object.entries(variables).map(([name, value]) => setLine(shell, name, value)))
}

/** The commands that remove variables, one per line. */
export function unsetText(shell: Shell, names: readonly string[]): string {
  return lines(names.map((name) => unsetLine(shell, name)))
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}

function setLine(shell: Shell, name: string, value: string): string {
  switch (shell) {
    case 'sh':
      return `export ${name}=${shellWord(value)}`
    case 'fish':
      return `set -gx ${name} '${value.replaceAll(/[\\']/g, String.raw`\$&`)}'`
    case 'powershell':
      // PowerShell treats these quotation marks like the first quotation mark. [PowerShell, about_Quoting_Rules]
      return `$env:${name} = '${value.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`
  }
}

function unsetLine(shell: Shell, name: string): string {
  switch (shell) {
    case 'sh':
      return `unset ${name}`
    case 'fish':
      return `set -e ${name}`
    case 'powershell':
      return `Remove-Item -ErrorAction Ignore Env:${name}`
  }
}
