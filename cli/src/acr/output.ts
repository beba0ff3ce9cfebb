import { terminalText } from '../terminal-text.ts'

/** The output format of an answer. */
export type OutputFlags = { readonly output: 'text' | 'json' }

/** Prints an answer as JSON or as text. */
export function print<Answer>(answer: Answer, output: OutputFlags['output'], textOf: (answer: Answer) => string): void {
  const text = output === 'json' ? JSON.stringify(answer, null, 2) : terminalText(textOf(answer))
  process.stdout.write(`${text}\n`)
}
