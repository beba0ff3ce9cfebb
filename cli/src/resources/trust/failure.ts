import { CommandFailure } from '../../framework/command/failure.ts'

/** The exit codes of `acrux trust`. Scripts rely on the numbers: never change a number. */
// prettier-ignore
export const exitCodes = {
  ok:           0,
  incomplete:   1, // at least one list could not be changed
  usage:        2, // a wrong option or value
  unconfirmed:  3, // the fingerprint was not confirmed, or differs
  unreachable: 22, // the server cannot be reached, or provides no certificate authority
} as const

/** A place that could not be changed, and the solution. */
export function incomplete(message: string, nextStep: string, cause?: unknown): CommandFailure {
  return new CommandFailure(message, exitCodes.incomplete, nextStep, { cause })
}
