/** What `acrux identity-endpoint` tells its parent when it ends. Scripts rely on the numbers: they are added to and never changed. */
// prettier-ignore
export const exitCodes = {
  ok:                  0,
  unexpected:          1,
  usage:               2, // a wrong flag or value
  portInUse:          10, // another process listens there
  addressUnavailable: 11, // no such address of this machine's own, or no right to listen there
  notEnrolled:        20, // this machine has no key, or not one that it may use
  refused:            21, // the server does not accept the code, or the key
  unreachable:        22, // the server cannot be reached, or is not the one that is trusted
} as const

/** Why a command cannot go on, for the person who gave it: what is wrong in one line, and what to do about it. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
  readonly exitCode: number
  readonly nextStep: string

  constructor(message: string, exitCode: number, nextStep: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.nextStep = nextStep
  }
}
