import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Authority } from './authority.ts'

/** The server whose authority is trusted. */
export type Subject = {
  /** The server, `HOST` or `HOST:PORT`; undefined if only the file of the authority is known. */
  readonly server: string | undefined
  /** A short name for files and lists: the server, or the beginning of the fingerprint. */
  readonly label: string
}

/** A place from which programs read the certificate authorities that they trust. */
export type Place = {
  readonly name: string
  /** The description of the place in the help. */
  readonly description: string
  /** Whether the place stores authorities by server, so that the subject needs a server. */
  readonly isPerServer: boolean
  /** Whether programs that use the place are installed on this machine. */
  readonly isInstalled: () => boolean
  /**
   * Adds the authority, or with `isDryRun` only describes the change. Returns lines that describe the change.
   *
   * @throws CommandFailure
   */
  readonly trust: (subject: Subject, authority: Authority, isDryRun: boolean) => Promise<readonly string[]>
  /** Removes what `trust` added for the subject, and nothing else. @throws CommandFailure */
  readonly undo: (subject: Subject, isDryRun: boolean) => Promise<readonly string[]>
}

/** Tools of the system that users without administrative rights often do not have in their PATH. */
const systemDirectories = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/** The path of a program of this machine; undefined if the program is not installed. */
export function findProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), ...systemDirectories]
  return directories
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

/** Whether this machine has one of the programs. */
export function hasProgram(...names: readonly string[]): boolean {
  return names.some((name) => findProgram(name) !== undefined)
}
