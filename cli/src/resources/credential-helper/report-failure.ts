import { plainReason } from '@acrux/shared/texts/plain-reason.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { maskSecrets } from '../../framework/terminal/log.ts'
import { terminalText } from '../../framework/terminal/terminal-text.ts'
import { NotFound } from './get.ts'

/** Writes an error to standard output for the client, and to standard error for the person. */
export function reportFailure(error: unknown): void {
  const { message, nextStep } =
    error instanceof CommandFailure ? error : { message: plainReason(error), nextStep: undefined }
  const text = terminalText(maskSecrets(message))
  const step = nextStep === undefined ? '' : terminalText(maskSecrets(nextStep))
  process.stdout.write(`${text}${step === '' ? '' : `; ${step}`}\n`)
  if (error instanceof NotFound) return
  note(text)
  if (step !== '') process.stderr.write(`       ${step}\n`)
}

/** Writes a message for the person, which clients pass on from standard error. */
export function note(text: string): void {
  process.stderr.write(`docker-credential-acrux: ${terminalText(text)}\n`)
}
