import { failure } from '../../framework/command/failure.ts'
import { durationText } from '../../framework/values/duration.ts'
import type { Holder, Passwords, RotatedPassword } from './holder.ts'

/** The passwords that have not expired, oldest first. */
export function validPasswords({ all }: Passwords): readonly RotatedPassword[] {
  const nowMs = Date.now()
  return all
    .filter(({ expiresAtMs }) => expiresAtMs === undefined || expiresAtMs > nowMs)
    .toSorted((one, other) => one.createdAtMs - other.createdAtMs)
}

/**
 * The password that a new password replaces. Undefined if there is no password. @throws CommandFailure if there are
 * several passwords
 */
export function oldToReplace(
  holder: Holder,
  passwords: Passwords,
  id: string | undefined,
): RotatedPassword | undefined {
  const valid = validPasswords(passwords)
  if (valid.length >= holder.maxPasswords)
    throw several(
      holder,
      passwords,
      `delete the oldest password when no client uses the password any longer: ${holder.commandLine} --finish, or without a check: ${holder.deleteCommandLine(valid[0]?.id ?? '')}`,
    )
  if (id !== undefined) return requireOne(holder, valid, id)
  if (valid.length > 1) throw several(holder, passwords, 'use --key-id to select the password to replace')
  return valid[0]
}

/**
 * The password that the newest password replaced. @throws CommandFailure if there is no old password, or more than one
 */
export function oldToDelete(holder: Holder, passwords: Passwords, id: string | undefined): RotatedPassword {
  const old = validPasswords(passwords).slice(0, -1)
  if (id !== undefined) return requireOne(holder, old, id)
  const [first, second] = old
  if (first === undefined)
    throw failure(`${holder.title} has no old password`, `create a new password first: ${holder.commandLine}`)
  if (second !== undefined) throw several(holder, passwords, 'use --key-id to select the password to delete')
  return first
}

/** When a password was last used, in words. */
export function lastUseText(
  { usesUnknown }: Pick<Passwords, 'usesUnknown'>,
  { lastUsedAtMs }: RotatedPassword,
): string {
  if (usesUnknown !== undefined) return 'last use unknown'
  return lastUsedAtMs === undefined ? 'not used yet' : `last used ${agoText(lastUsedAtMs)}`
}

/** A time in the past, in words. */
export function agoText(atMs: number): string {
  return `${durationText(Date.now() - atMs)} ago`
}

/** Requires that the last use of a password is known before the password is deleted. @throws CommandFailure */
export function requireKnownUses(holder: Holder, { usesUnknown }: Passwords, { id }: RotatedPassword): void {
  if (usesUnknown === undefined) return
  throw failure(
    `the server does not report when ${id} of ${holder.title} was last used: ${usesUnknown}`,
    `use an account with the role Reader, or delete the password without a check: ${holder.deleteCommandLine(id)}`,
  )
}

function several(holder: Holder, passwords: Passwords, nextStep: string) {
  const valid = validPasswords(passwords)
  const lines = valid.map(
    (each) => `  ${each.id}: created ${agoText(each.createdAtMs)}, ${lastUseText(passwords, each)}`,
  )
  return failure([`${holder.title} has ${valid.length} valid passwords:`, ...lines].join('\n'), nextStep)
}

function requireOne(holder: Holder, among: readonly RotatedPassword[], id: string): RotatedPassword {
  const found = among.find((each) => each.id === id)
  if (found !== undefined) return found
  const known = among.map((each) => each.id).join(', ')
  throw failure(
    `${holder.title} has no old password ${id}`,
    known === '' ? undefined : `the old passwords are ${known}`,
  )
}
