/** The exit codes. Scripts rely on them: codes are added, and never changed. */
// prettier-ignore
export const exitCodes = {
  ok:                     0,
  unexpected:             1,
  configuration:          2, // a wrong flag, variable or configuration file
  portInUse:             10, // another process listens there
  addressUnavailable:    11, // no such address, or no permission to listen on it
  dataDirLocked:         12, // another server works on the data directory
  dataDirUnusable:       13, // it cannot be created or written, or its database cannot be read
  unreadableKey:         14, // the master key is missing, malformed or readable by others
  unusableCertificate:   15, // the TLS certificate or its key
  newerSchema:           16, // a newer version changed the database, and this version does not work with it
  backupUnusable:        17, // the backup directory is unusable, or has no such backup
  databaseUnusable:      18, // the PostgreSQL server cannot be reached, or cannot be used
  storageUnusable:       19, // the object store cannot be reached, or denies access
  seedUnusable:         20, // the seed of an emulator cannot be applied
} as const

/** One of `exitCodes`. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/**
 * Why the server cannot start, for the operator: `message` is the reason in one line, and `nextStep` is what to do.
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
