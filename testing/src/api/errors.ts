/**
 * The emulator did not start. The error contains the output of the emulator. It also contains the exit code, unless a signal ended the
 * emulator or the time limit passed.
 */
export class AcruxStartError extends Error {
  override readonly name = 'AcruxStartError'
  readonly exitCode: number | undefined
  readonly output: string

  constructor(reason: string, exitCode: number | undefined, output: string) {
    super(output === '' ? reason : `${reason}:\n${output}`)
    this.exitCode = exitCode
    this.output = output
  }
}

/**
 * The emulator rejected a request of this package. The error contains the status of the response, and the code and message of its error.
 */
export class AcruxRequestError extends Error {
  override readonly name = 'AcruxRequestError'
  readonly status: number
  readonly code: string

  constructor(request: string, status: number, { code, message }: { readonly code: string; readonly message: string }) {
    super(`${request}: status ${status}, ${code}: ${message}`)
    this.status = status
    this.code = code
  }
}
