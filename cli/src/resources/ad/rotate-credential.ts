import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { ApiError, listArm } from '../../clients/arm/arm.ts'
import { graph, listGraph } from '../../clients/graph/graph.ts'
import type { Account } from '../../clients/session/account.ts'
import type { FlagDescription } from '../../framework/command/command.ts'
import { timeMs } from '../../framework/values/duration.ts'
import { valueAt } from '../../framework/values/shape.ts'
import { type RotationFlags, rotationFlags } from '../rotation/flags.ts'
import { type Holder, type Passwords, areUsesUnknown } from '../rotation/holder.ts'
import { type ResetFlags, endOf, resetFlags } from './credentials.ts'
import { addPassword } from './objects.ts'

/** The options of the commands that rotate a password of an application or a service principal. */
export type RotateFlags = RotationFlags & Omit<ResetFlags, 'append'> & { readonly keyId?: string }

/** Describes {@link RotateFlags}. */
export const rotateFlags: readonly FlagDescription[] = [
  ...resetFlags.filter(({ flags }) => flags !== '--append'),
  {
    flags: '--key-id <id>',
    description: 'the key id of the old password. Required if the principal has several old passwords',
  },
  ...rotationFlags,
]

type Rotated = { readonly path: string; readonly family: 'app' | 'sp' }

/** The passwords of an application or a service principal. @throws ApiError if the object does not exist */
export async function holderOf(
  account: Account,
  { path, family }: Rotated,
  flags: Pick<RotateFlags, 'years' | 'endDate' | 'displayName'>,
): Promise<Holder> {
  const end = endOf(new Date(), flags)
  const appId = String(valueAt(await graph(account, 'GET', path), 'appId'))
  const title = `the ${family === 'app' ? 'application' : 'service principal'} ${appId}`
  const words = `acrux ad ${family} credential`
  return {
    title,
    username: appId,
    maxPasswords: Infinity,
    commandLine: `${words} rotate --id ${appId}`,
    deleteCommandLine: (id) => `${words} delete --id ${appId} --key-id ${id}`,
    read: () => readPasswords(account, path, appId),
    create: async () => {
      const { id, secret } = await addPassword(account, path, { ...flags, start: new Date(), end })
      return { id: String(id), value: String(secret) }
    },
    remove: async (keyId) => void (await graph(account, 'POST', `${path}/removePassword`, { keyId })),
  }
}

async function readPasswords(account: Account, path: string, appId: string): Promise<Passwords> {
  const object = await graph(account, 'GET', path)
  const list = valueAt(object, 'passwordCredentials')
  const uses = await lastUses(account, appId)
  const known = typeof uses === 'string' ? undefined : uses
  const all = (Array.isArray(list) ? (list as unknown[]) : []).map((each) => {
    const id = String(valueAt(each, 'keyId'))
    return {
      id,
      createdAtMs: timeMs(valueAt(each, 'startDateTime')) ?? 0,
      expiresAtMs: timeMs(valueAt(each, 'endDateTime')),
      lastUsedAtMs: known?.get(id),
    }
  })
  return { all, ...(typeof uses === 'string' && { usesUnknown: uses }) }
}

/**
 * The last uses by key id, or the reason why the last uses are unknown. A service principal signs in with the passwords
 * of its application.
 */
async function lastUses(account: Account, appId: string): Promise<Map<string, number> | string> {
  const principals = await listGraph(account, '/servicePrincipals', `appId eq ${odataText(appId)}`)
  const found = new Map<string, number>()
  for (const principal of principals) {
    const filter = encodeURIComponent(`principalId eq ${odataText(String(valueAt(principal, 'id')))}`)
    const path = `/subscriptions/${account.subscription.id}/providers/Acrux.Server/credentialUses`
    try {
      for (const use of await listArm(account, `${path}?api-version=2024-11-01&$filter=${filter}`)) {
        const atMs = timeMs(valueAt(use, 'lastUsedAt'))
        if (atMs !== undefined) found.set(String(valueAt(use, 'credentialId')), atMs)
      }
    } catch (error) {
      if (error instanceof ApiError && areUsesUnknown(error)) return error.message
      throw error
    }
  }
  return found
}
