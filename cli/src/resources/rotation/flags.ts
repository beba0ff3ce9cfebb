import { type ExitCodeTexts, type FlagDescription, azExitCodes } from '../../framework/command/command.ts'
import { yesFlag } from '../../framework/options/flags.ts'
import { requireDuration } from '../../framework/values/duration.ts'
import { type DeliveryFlags, deliveryFlags } from './deliver.ts'

/** The options of the commands that rotate a password. */
export type RotationFlags = DeliveryFlags & {
  /** Milliseconds. Default: {@link defaultAfterMs}. */
  readonly after?: number
  readonly finish?: true
  readonly wait?: true
  readonly dryRun?: true
  readonly yes?: true
}

/**
 * How long the old password must be unused. An access token that a client got with the password is valid for up to 75
 * minutes.
 */
export const defaultAfterMs = 24 * 3_600_000

/** Describes {@link RotationFlags}. */
export const rotationFlags: readonly FlagDescription[] = [
  ...deliveryFlags,
  {
    flags: '--finish',
    description:
      'delete the old password if no client used the password within the time of --after; create no new password',
  },
  {
    flags: '--wait',
    description: 'wait until the old password has been unused for the duration of --after, then delete the password',
  },
  {
    flags: '--after <duration>',
    description: 'the time for which the old password must be unused, such as 90m, 24h or 7d. Default: 24h',
    parse: requireDuration,
  },
  { flags: '--dry-run', description: 'only show the changes' },
  yesFlag,
]

/** An explanation of rotations. */
export const aboutRotation = `
A rotation has two steps. Between the two steps, the old password and the new password are valid. The first step creates
the new password. Install the new password in all clients. The second step, with --finish, deletes the old password. The
second step fails if a client used the old password within the time of --after. The second step also fails if the new
password is younger than the time of --after. Run the command again later, or use --wait.`

/** The exit codes of the commands that rotate a password. */
export const rotationExitCodes: ExitCodeTexts = {
  ...azExitCodes,
  4: 'the old password was used too recently, and was not deleted',
}
