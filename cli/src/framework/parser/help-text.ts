import type { Command } from 'commander'
import type { ExitCodeTexts } from '../command/command.ts'

/** What the help of a command shows below its options. */
export type HelpText = {
  /** What a user must know before using the command. */
  readonly about?: string | undefined
  readonly examples: readonly string[]
  readonly exitCodes?: ExitCodeTexts
}

/** Adds examples and exit codes to the help of a command. */
export function withHelp(command: Command, { about, examples, exitCodes = {} }: HelpText): Command {
  const codes = Object.entries(exitCodes).map(([code, meaning]) => `${code.padEnd(3)} ${meaning}`)
  const sections = [
    ...(about === undefined ? [] : [about.trim()]),
    section('Examples', examples),
    ...(codes.length === 0 ? [] : [section('Exit codes', codes)]),
  ]
  return command.addHelpText('after', `\n${sections.join('\n\n')}`)
}

function section(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n')
}
