import { systemErrorCode } from './plain-reason.ts'

/** What the process tells its parent when it ends. Scripts rely on the numbers: they are added to and never changed. */
// prettier-ignore
export const exitCodes = {
  ok:                     0,
  unexpected:             1,
  configuration:          2, // a wrong flag, variable or configuration file
  portInUse:             10, // another process listens there
  addressUnavailable:    11, // no such address here, or no right to listen there
  dataDirLocked:         12, // another server works on the data directory
  dataDirUnusable:       13, // it cannot be made, or not be written, or its database not be read
  unreadableKey:         14, // the master key is missing, malformed or readable by others
  unusableCertificate:   15, // the TLS certificate or its key
  newerSchema:           16, // the database was written by a newer version
  backupUnusable:        17, // the backup directory cannot be used, or holds no such backup
} as const

/** One of the numbers of `exitCodes`. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/**
 * Why the server cannot start, for the person who started it: `message` says in one line what is wrong, `nextStep` what
 * to do about it.
 */
export class StartupError extends Error {
  override readonly name: string = 'StartupError'
  readonly exitCode: ExitCode
  readonly nextStep: string

  constructor(message: string, exitCode: ExitCode, nextStep: string, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
    this.nextStep = nextStep
  }
}

/** Translates the failure of `listen()` on `address`; undefined when it is not one that the person can mend. */
export function listenFailure(error: unknown, address: string): StartupError | undefined {
  switch (systemErrorCode(error)) {
    case 'EADDRINUSE':
      return new StartupError(
        `another process is already listening on ${address}`,
        exitCodes.portInUse,
        'stop it, or choose another address with --listen',
        { cause: error },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartupError(
        `this machine has no address ${address}`,
        exitCodes.addressUnavailable,
        'choose another address with --listen',
        { cause: error },
      )
    case 'EACCES':
    case 'EPERM':
      return new StartupError(
        `this user is not allowed to listen on ${address}`,
        exitCodes.addressUnavailable,
        'choose a port above 1023 with --listen, or give the process the permission to bind it',
        { cause: error },
      )
    default:
      return undefined
  }
}
