import { type Log, type LogFlags, createLog } from '../terminal/log.ts'
import { type ProgressBar, createProgressBar } from '../terminal/progress-bar.ts'
import { promptFor } from '../terminal/prompt.ts'
import { terminalText } from '../terminal/terminal-text.ts'
import { failure } from './failure.ts'

/** Everything that a command uses in addition to its flags. */
export type CommandContext = {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Log
  /** A progress bar on standard error, if standard error is a terminal. */
  readonly progress: () => ProgressBar
  /** Whether a person can answer questions. */
  readonly isInteractive: boolean
  /**
   * Asks for a text on the terminal. With `hidden`, the terminal does not show the text. @throws CommandFailure without
   * a terminal
   */
  readonly ask: (question: string, options?: { readonly hidden?: boolean }) => Promise<string>
  /**
   * Asks for the confirmation of a change, unless `yes` is set. @throws CommandFailure if the user declines, or without
   * a terminal
   */
  readonly confirm: (question: string, yes: boolean | undefined) => Promise<void>
  /** Writes text to standard output, for commands that print their own output. */
  readonly print: (text: string) => void
  /** Sets the exit code of a command that did not fail but has a negative result. */
  readonly exitWith: (code: number) => void
}

/** Creates the context of the one command of this process. */
export function createContext(flags: LogFlags): CommandContext {
  const isInteractive = process.stdin.isTTY && process.stderr.isTTY
  const ask: CommandContext['ask'] = async (question, { hidden = false } = {}) => {
    if (!isInteractive) throw failure(`this question needs a terminal: ${question}`, 'set the option instead')
    return promptFor(terminalText(question), hidden)
  }
  return {
    env: process.env,
    log: createLog(process.stderr, flags),
    progress: () => createProgressBar(process.stderr),
    isInteractive,
    ask,
    confirm: async (question, yes) => {
      if (yes === true) return
      if (!isInteractive) throw failure(`a confirmation is required: ${question}`, 'add --yes to confirm')
      const answer = await ask(`${question} (y/n): `)
      if (!/^y(?:es)?$/i.test(answer.trim())) throw failure('the operation was cancelled')
    },
    print: (text) => void process.stdout.write(process.stdout.isTTY ? terminalText(text) : text),
    exitWith: (code) => {
      process.exitCode = code
    },
  }
}
