import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError } from '../../clients/arm/arm.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { CommandFailure } from '../../framework/command/failure.ts'
import { durationText } from '../../framework/values/duration.ts'
import type { RotationFlags } from './flags.ts'
import type { Holder, Passwords, RotatedPassword } from './holder.ts'
import { agoText, lastUseText, requireKnownUses } from './select-old.ts'

const usedTooRecently = 4

const minPollMs = 500
const maxPollMs = 60_000

/** How often in a row the passwords may be unreadable while the command waits. */
const maxFailures = 10

/**
 * How long a password must remain unused until it can be deleted, in milliseconds. The time counts from the last use of
 * the password, or from `sinceMs`, the creation of the new password. Clients that pull rarely therefore also have this
 * time.
 */
export function unusedInMs(
  { lastUsedAtMs = 0 }: Pick<RotatedPassword, 'lastUsedAtMs'>,
  { after, sinceMs }: { readonly after: number; readonly sinceMs: number },
): number {
  return Math.max(lastUsedAtMs, sinceMs) + after - Date.now()
}

type Deletion = {
  readonly holder: Holder
  readonly old: RotatedPassword
  readonly newId: string
  readonly flags: Pick<RotationFlags, 'wait'> & { readonly after: number }
}

/**
 * Deletes an old password. With `wait`, it waits until the password can be deleted.
 *
 * @throws CommandFailure with the exit code 4 if the password was used too recently
 */
export async function deleteWhenUnused(context: CommandContext, deletion: Deletion): Promise<void> {
  const bar = context.progress()
  try {
    for (let isFirst = true; ; isFirst = false) {
      const left = await deleteIfUnused(context, deletion)
      if (left === undefined) return
      if (isFirst) context.log.notice(left.text)
      bar.show(1 - left.ms / deletion.flags.after, left.text)
      await sleep(Math.min(Math.max(left.ms, minPollMs), maxPollMs))
    }
  } finally {
    bar.end()
  }
}

/** Undefined if the password is deleted, otherwise the time until the password can be deleted, also in words. */
async function deleteIfUnused(
  context: CommandContext,
  { holder, old, newId, flags: { after, wait } }: Deletion,
): Promise<{ readonly ms: number; readonly text: string } | undefined> {
  const passwords = await (wait === true ? readPatiently(context, holder) : holder.read())
  requireKnownUses(holder, passwords, old)
  // A password that was generated again in the meantime has the same name.
  const current = passwords.all.find(({ id, createdAtMs }) => id === old.id && createdAtMs === old.createdAtMs)
  if (current === undefined) return undefined
  const successor = passwords.all.find(({ id }) => id === newId)
  if (successor === undefined)
    throw new CommandFailure(`the new password ${newId} was deleted, so the command did not delete ${old.id}`, 1)
  const leftMs = unusedInMs(current, { after, sinceMs: successor.createdAtMs })
  if (leftMs <= 0) {
    await holder.remove(old.id)
    return undefined
  }
  const use = lastUseText(passwords, current)
  if (wait !== true) {
    throw new CommandFailure(
      `${old.id} of ${holder.title} was not deleted: ${use}, and ${newId} was created ${agoText(successor.createdAtMs)}`,
      usedTooRecently,
      `run the command again in ${durationText(leftMs)}, or add --wait`,
    )
  }
  return {
    ms: leftMs,
    text: `${old.id} ${use} the command deletes the password in ${durationText(leftMs)} unless a client uses the password`,
  }
}

/** Reads the passwords, even while the server restarts. */
async function readPatiently({ log }: CommandContext, holder: Holder): Promise<Passwords> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await holder.read()
    } catch (error) {
      if (
        !(error instanceof CommandFailure) ||
        (error instanceof ApiError && error.status < 500) ||
        failures === maxFailures
      )
        throw error
      log.warning(`${error.message}; trying again in ${durationText(maxPollMs)}`)
      await sleep(maxPollMs)
    }
  }
}
