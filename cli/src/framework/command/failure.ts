/** Why a command failed: `message` says what is wrong, and `nextStep` what to do about it. */
export class CommandFailure extends Error {
  override readonly name: string = 'CommandFailure'
  readonly exitCode: number
  readonly nextStep: string | undefined

  constructor(message: string, exitCode: number, nextStep?: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.nextStep = nextStep
  }
}

/** A wrong option or argument: exit code 2, as for az. */
export class WrongUsageError extends CommandFailure {
  override readonly name = 'WrongUsageError'

  constructor(message: string, nextStep?: string) {
    super(message, 2, nextStep)
  }
}

/** A failure without a more precise exit code: 1, as for az. */
export function failure(message: string, nextStep?: string, cause?: unknown): CommandFailure {
  return new CommandFailure(message, 1, nextStep, { cause })
}
