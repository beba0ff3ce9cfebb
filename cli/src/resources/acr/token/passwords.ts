import { type NamedRegistry, askRegistry } from '../../../clients/arm/named-registry.ts'
import type { FlagDescription } from '../../../framework/command/command.ts'
import { failure } from '../../../framework/command/failure.ts'
import { numberFlag } from '../../../framework/options/flags.ts'
import { tokenVersion } from '../scope-map/scope-map.ts'

/** When generated passwords expire. */
export type ExpiryFlags = { readonly expiration?: string; readonly expirationInDays?: number | string }

/** Describes {@link ExpiryFlags}. */
export const expiryFlags: readonly FlagDescription[] = [
  {
    flags: '--expiration <time>',
    description: 'when the passwords expire, such as 2025-12-31T12:59:59Z. Default: never',
  },
  numberFlag('--expiration-in-days <days>', 'the number of days until the passwords expire. Default: never'),
]

const msPerDay = 86_400_000
const lastTime = '9999-12-31T23:59:59.999999Z'

/** The time of the flags. Undefined: never. @throws CommandFailure with az's messages */
export function expiryOf({ expiration, expirationInDays }: ExpiryFlags): string | undefined {
  if (expiration !== undefined) requireTime(expiration)
  const days = Number(expirationInDays ?? 0)
  if (days < 0) throw failure('Days must be positive.')
  if (days === 0) return expiration
  const time = Date.now() + days * msPerDay
  return time > Date.parse(lastTime) ? lastTime : new Date(time).toISOString()
}

function requireTime(text: string): void {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text) && !Number.isNaN(Date.parse(text))) return
  throw failure(`Input '${text}' is not valid datetime. Valid example: 2025-12-31T12:59:59Z`)
}

/** Generates one password of a token, or both passwords without a name. @throws ApiError */
export function generatePasswords(
  named: NamedRegistry,
  { tokenId, name, expiry }: { readonly tokenId: string; readonly name?: string; readonly expiry: string | undefined },
): Promise<unknown> {
  return askRegistry(named, 'POST', {
    path: '/generateCredentials',
    version: tokenVersion,
    body: { tokenId, ...(name !== undefined && { name }), ...(expiry !== undefined && { expiry }) },
  })
}
