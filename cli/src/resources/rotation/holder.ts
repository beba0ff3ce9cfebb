import type { ApiError } from '../../clients/arm/arm.ts'

/** A password of a token or an application. Times are in milliseconds since the epoch. */
export type RotatedPassword = {
  /** The name or key id of the password. */
  readonly id: string
  readonly createdAtMs: number
  readonly expiresAtMs: number | undefined
  /** Undefined if the password was not used yet. */
  readonly lastUsedAtMs: number | undefined
}

/** The passwords, and the reason if their last uses are unknown. */
export type Passwords = { readonly all: readonly RotatedPassword[]; readonly usesUnknown?: string }

/** Who has the passwords that are rotated: a scoped token, an application or a service principal. */
export type Holder = {
  /** The title for messages, such as `the token device`. */
  readonly title: string
  readonly username: string
  /** The maximum number of passwords of the holder. */
  readonly maxPasswords: number
  readonly read: () => Promise<Passwords>
  /** Creates a password. `present` contains the passwords that must remain valid. */
  readonly create: (present: readonly RotatedPassword[]) => Promise<{ readonly id: string; readonly value: string }>
  readonly remove: (id: string) => Promise<void>
  /** The command line that rotates the holder's passwords. */
  readonly commandLine: string
  /** The command line that deletes a password without a check of its last use. */
  readonly deleteCommandLine: (id: string) => string
}

/** Whether an error means that the account may not read last uses, or that the server does not record them, as on Azure. */
export function areUsesUnknown({ status }: ApiError): boolean {
  return status === 403 || status === 404
}
