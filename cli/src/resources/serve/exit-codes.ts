import type { ExitCodeTexts } from '../../framework/command/command.ts'

/** The exit codes of a process that serves. */
export const serveExitCodes: ExitCodeTexts = {
  0: 'stopped by a signal',
  1: 'unexpected error, or stopped by a second signal',
  2: 'wrong option or setting',
  10: 'the port is in use',
  11: 'the listen address is not available',
  12: 'another server uses the data directory',
  13: 'the data directory or the database cannot be used',
  14: 'the master key cannot be read',
  15: 'the TLS certificate cannot be used',
  16: 'a newer version changed the database, and this version does not support the change',
  18: 'the PostgreSQL server cannot be reached, or cannot be used',
  19: 'the object store cannot be used',
}
