import type { Audit } from '../../audit/index.ts'
import type { Identity } from '../../identity/index.ts'
import type { Registry } from '../../resources/index.ts'
import { nullGuid } from '@acrux/shared/standards/azure/guid.ts'
import { covers } from '@acrux/shared/standards/oauth/access-scope.ts'
import {
  type Authentication,
  type AuthenticationContext,
  type PasswordCredentials,
  authenticatePassword,
} from '../tokens/authenticate-password.ts'
import { auditedCallerOf, standingPrincipal } from '../tokens/credential.ts'
import { audiencesAt, identityCredential } from '../tokens/identity-token.ts'

type PullContext = AuthenticationContext & {
  readonly audit: Audit
  readonly identity: Pick<Identity, 'verifyIncomingToken'>
}

/** Whether the owner of a verified password may pull the repository now. The registry is the current one. */
export type MayPull = (registry: Registry) => Promise<boolean>

/**
 * Verifies a user name and a password, as the token endpoint accepts them. With the null GUID, an IdP access token is a password
 * too, as in an import into ACR. Undefined if they do not permit pulling a repository of a registry. The result decides again
 * later, without the password.
 */
export async function verifyPullPassword(
  context: PullContext,
  registry: Registry,
  { remoteAddress, ...credentials }: PasswordCredentials & { readonly remoteAddress: string },
  repository: string,
): Promise<MayPull | undefined> {
  const options = { acceptTokens: true, remoteAddress }
  const authentication =
    (await authenticatePassword(context, registry, credentials, options)) ??
    (await authenticateIdentityToken(context, registry, credentials))
  if (authentication === undefined) return undefined
  const { credential, narrowedTo } = authentication
  const actions = ['pull']
  const mayPull: MayPull = async (current) => {
    const principal = await standingPrincipal(context, current, credential)
    if (principal === undefined) return false
    const allowed = await context.access.allowedAccess(principal, current, [
      { type: 'repository', name: repository, actions },
    ])
    return [allowed, narrowedTo ?? allowed].every((access) => covers(access, 'repository', repository, actions))
  }
  if (!(await mayPull(registry))) return undefined
  const audited = auditedCallerOf(credential, registry)
  context.audit.noteUse(audited.actor, audited.credential)
  return mayPull
}

async function authenticateIdentityToken(
  { identity }: PullContext,
  registry: Registry,
  { username, password }: PasswordCredentials,
): Promise<Pick<Authentication, 'credential' | 'narrowedTo'> | undefined> {
  if (username !== nullGuid) return undefined
  const verified = await identity.verifyIncomingToken(password, audiencesAt(registry), undefined)
  return verified.ok ? { credential: identityCredential(verified.identity), narrowedTo: undefined } : undefined
}
