import type { CommandContext } from '../../framework/command/context.ts'
import { WrongUsageError, failure } from '../../framework/command/failure.ts'
import { durationText } from '../../framework/values/duration.ts'
import { deleteWhenUnused, unusedInMs } from './delete-when-unused.ts'
import { deliver } from './deliver.ts'
import { type RotationFlags, defaultAfterMs } from './flags.ts'
import type { Holder, RotatedPassword } from './holder.ts'
import { oldToDelete, oldToReplace, requireKnownUses, validPasswords } from './select-old.ts'

/** The result of a rotation. */
type Rotation = {
  readonly username: string
  /** The name or key id of the new password. Null if no password was created. */
  readonly name: string | null
  /** The new password, unless the command delivered the password to a file or a command. */
  readonly password?: string
  readonly old: {
    readonly name: string
    readonly createdAt: string
    readonly lastUsedAt: string | null
    readonly deleted: boolean
  } | null
}

type Settings = RotationFlags & { readonly after: number; readonly keyId?: string }

/**
 * Depending on the flags, creates a new password in addition to the old password, or deletes the old password. `keyId`
 * selects the old password.
 *
 * @throws CommandFailure
 */
export function rotate(
  context: CommandContext,
  holder: Holder,
  flags: RotationFlags & { readonly keyId?: string },
): Promise<Rotation> {
  const { finish, wait } = flags
  const settings: Settings = { ...flags, after: flags.after ?? defaultAfterMs }
  const isDelivered = (flags.outFile ?? flags.exec) !== undefined
  if (flags.outFile !== undefined && flags.exec !== undefined)
    throw new WrongUsageError('--out-file and --exec cannot be combined')
  if (finish === true && isDelivered) throw new WrongUsageError('--finish creates no password for --out-file or --exec')
  if (finish !== true && wait === true && !isDelivered)
    throw new WrongUsageError(
      '--wait needs --out-file or --exec, because the command prints the result only at the end',
    )
  return finish === true ? finishRotation(context, holder, settings) : beginRotation(context, holder, settings)
}

async function beginRotation(context: CommandContext, holder: Holder, flags: Settings): Promise<Rotation> {
  const { log } = context
  const passwords = await holder.read()
  const old = oldToReplace(holder, passwords, flags.keyId)
  const deletes = flags.wait === true ? old : undefined
  if (deletes !== undefined) requireKnownUses(holder, passwords, deletes)
  if (flags.dryRun === true) {
    log.notice(`a new password of ${holder.title} would be created`)
    if (deletes !== undefined) log.notice(willDelete(deletes, { after: flags.after, sinceMs: Date.now() }))
    return { username: holder.username, name: null, old: oldDocument(old, false) }
  }
  if (deletes !== undefined) await context.confirm(question(holder, deletes, flags), flags.yes)
  const { id, value } = await createAndDeliver(holder, flags, validPasswords(passwords))
  const isDelivered = (flags.outFile ?? flags.exec) !== undefined
  if (!isDelivered) log.warning('the result shows the new password only once: store the password now, in a safe place')
  if (deletes !== undefined) await deleteWhenUnused(context, { holder, old: deletes, newId: id, flags })
  else if (old !== undefined)
    log.notice(`${old.id} remains valid. When all clients use the new password, run ${holder.commandLine} --finish`)
  return {
    username: holder.username,
    name: id,
    ...(!isDelivered && { password: value }),
    old: oldDocument(old, deletes !== undefined),
  }
}

async function finishRotation(context: CommandContext, holder: Holder, flags: Settings): Promise<Rotation> {
  const passwords = await holder.read()
  const old = oldToDelete(holder, passwords, flags.keyId)
  requireKnownUses(holder, passwords, old)
  const newest = validPasswords(passwords).at(-1)
  if (newest === undefined) throw new Error('no newer password replaces the old password')
  if (newest.lastUsedAtMs === undefined)
    context.log.warning(`no client has used ${newest.id} yet: check that the clients have this password`)
  const isDryRun = flags.dryRun === true
  if (isDryRun) context.log.notice(willDelete(old, { after: flags.after, sinceMs: newest.createdAtMs }))
  else {
    await context.confirm(question(holder, old, flags), flags.yes)
    await deleteWhenUnused(context, { holder, old, newId: newest.id, flags })
  }
  return { username: holder.username, name: newest.id, old: oldDocument(old, !isDryRun) }
}

/**
 * Creates a password. If the password cannot be delivered, the function deletes the password, so that the rotation can
 * be repeated.
 */
async function createAndDeliver(
  holder: Holder,
  flags: RotationFlags,
  present: readonly RotatedPassword[],
): Promise<{ readonly id: string; readonly value: string }> {
  const made = await holder.create(present)
  try {
    await deliver(flags, { username: holder.username, name: made.id, value: made.value })
  } catch (error) {
    await holder.remove(made.id).catch((cause: unknown) => {
      throw failure(
        `the new password ${made.id} could neither be delivered nor deleted`,
        `delete it: ${holder.deleteCommandLine(made.id)}`,
        cause,
      )
    })
    throw error
  }
  return made
}

function question(holder: Holder, { id }: RotatedPassword, { wait, after }: Settings): string {
  const when = wait === true ? `, as soon as the password has been unused for ${durationText(after)}` : ''
  return `Are you sure you want to delete ${id} of ${holder.title}${when}?`
}

function willDelete(old: RotatedPassword, due: { readonly after: number; readonly sinceMs: number }): string {
  const leftMs = unusedInMs(old, due)
  const when = leftMs <= 0 ? 'now' : `in ${durationText(leftMs)}, unless a client uses the password before then`
  return `${old.id} would be deleted ${when}`
}

function oldDocument(old: RotatedPassword | undefined, deleted: boolean): Rotation['old'] {
  if (old === undefined) return null
  const { id, createdAtMs, lastUsedAtMs } = old
  return {
    name: id,
    createdAt: new Date(createdAtMs).toISOString(),
    lastUsedAt: lastUsedAtMs === undefined ? null : new Date(lastUsedAtMs).toISOString(),
    deleted,
  }
}
