import { randomUUID } from 'node:crypto'
import type { FlagDescription } from '../../../framework/command/command.ts'
import { choiceFlag } from '../../../framework/options/flags.ts'
import { requireDate } from '../credentials.ts'

/** A certificate or another key of an application. */
export type KeyFlags = {
  readonly keyValue?: string
  readonly keyType?: string
  readonly keyUsage?: string
  readonly keyDisplayName?: string
  readonly startDate?: string
  readonly endDate?: string
}

/** Describes {@link KeyFlags}. */
export const keyFlags: readonly FlagDescription[] = [
  { flags: '--key-value <key>', description: 'a certificate of the application, as DER in Base64' },
  choiceFlag(
    '--key-type <type>',
    ['AsymmetricX509Cert', 'Password', 'Symmetric'],
    'the type of the key. Default: AsymmetricX509Cert',
  ),
  choiceFlag('--key-usage <usage>', ['Sign', 'Verify'], 'the usage of the key. Default: Verify'),
  { flags: '--key-display-name <name>', description: 'the display name of the key' },
  { flags: '--start-date <time>', description: 'when the key becomes valid, such as 2026-01-31. Default: now' },
  {
    flags: '--end-date <time>',
    description: 'when the key expires. Default: one day less than one year after the start of the key',
  },
]

const dayMs = 24 * 60 * 60 * 1000

/**
 * The keys in the flags, in the format of Graph. Undefined without a key. @throws CommandFailure for a text that is not
 * a date
 */
export function keyCredentialsOf(flags: KeyFlags): object[] | undefined {
  const { keyValue, keyType, keyUsage, keyDisplayName, startDate, endDate } = flags
  if (keyValue === undefined || keyValue === '') return undefined
  const start = startDate === undefined ? new Date() : requireDate('--start-date', startDate)
  const end = endDate === undefined ? yearLater(start) : requireDate('--end-date', endDate)
  const key = {
    '@odata.type': '#microsoft.graph.keyCredential',
    displayName: keyDisplayName ?? null,
    endDateTime: end.toISOString(),
    key: keyValue,
    keyId: randomUUID(),
    startDateTime: start.toISOString(),
    type: keyType ?? 'AsymmetricX509Cert',
    usage: keyUsage ?? 'Verify',
  }
  return [key]
}

/** A year later, less a day, as for az. */
function yearLater(start: Date): Date {
  const end = new Date(start)
  end.setUTCFullYear(end.getUTCFullYear() + 1)
  return new Date(end.getTime() - dayMs)
}
