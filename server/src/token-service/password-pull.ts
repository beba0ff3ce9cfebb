import type { Audit } from '../audit/index.ts'
import type { Registry } from '../resources/index.ts'
import { covers } from '../standards/oauth/access-scope.ts'
import type { AcrTokens } from './acr-token.ts'
import { type StandingRooms, provedBy, standingPrincipal } from './credential.ts'
import { provePassword } from './prove.ts'
import type { PullCredentials } from './model.ts'

/** Whether a user name and a password, taken as the token endpoint takes them, let pull a repository of a registry now. */
export async function passwordMayPull(
  rooms: StandingRooms & { readonly tokens: AcrTokens; readonly audit: Audit },
  registry: Registry,
  { username, password }: PullCredentials,
  repository: string,
): Promise<boolean> {
  const proof = await provePassword(rooms, registry, username, password, true)
  const principal = proof && (await standingPrincipal(rooms, registry, proof.credential))
  if (proof === undefined || principal === undefined) return false
  const actions = ['pull']
  const allowed = await rooms.access.allowedAccess(principal, registry, [
    { type: 'repository', name: repository, actions },
  ])
  const mayPull = [allowed, proof.narrowedTo ?? allowed].every((some) =>
    covers(some, 'repository', repository, actions),
  )
  const { actor, credential } = provedBy(proof.credential, registry)
  if (mayPull) rooms.audit.noteUse(actor, credential)
  return mayPull
}
