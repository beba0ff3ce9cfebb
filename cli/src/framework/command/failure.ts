/** The failure of a command. `message` describes the problem, and `nextStep` describes the solution. */
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

/** The failure for a wrong option or argument. As in az, the exit code is 2. */
export class WrongUsageError extends CommandFailure {
  override readonly name = 'WrongUsageError'

  constructor(message: string, nextStep?: string) {
    super(message, 2, nextStep)
  }
}

/** The failure without a more precise exit code. As in az, the exit code is 1. */
export function failure(message: string, nextStep?: string, cause?: unknown): CommandFailure {
  return new CommandFailure(message, 1, nextStep, { cause })
}
