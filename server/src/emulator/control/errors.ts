/** The status codes of errors that the control API documents. */
export type ControlStatus = 400 | 401 | 404 | 409

/** The error of a request to the control API. `code` is for programs, and the message is for people. */
export class ControlError extends Error {
  override readonly name = 'ControlError'
  readonly status: ControlStatus
  readonly code: string

  constructor(status: ControlStatus, code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = status
    this.code = code
  }
}

/** The request is malformed or too large. */
export function invalidRequest(message: string, cause?: unknown): ControlError {
  return new ControlError(400, 'InvalidRequest', message, { cause })
}

/** The route or object does not exist. */
export function notFound(message: string): ControlError {
  return new ControlError(404, 'NotFound', message)
}

/** The request is not possible in the present state of the emulator. */
export function conflict(message: string, cause?: unknown): ControlError {
  return new ControlError(409, 'Conflict', message, { cause })
}
