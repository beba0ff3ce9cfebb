import type { Audit } from '../../audit/index.ts'
import type { Registry } from '../../resources/index.ts'
import { covers } from '../../standards/oauth/access-scope.ts'
import {
  type AuthenticationContext,
  type PasswordCredentials,
  authenticatePassword,
} from '../tokens/authenticate-password.ts'
import { auditedCallerOf, standingPrincipal } from '../tokens/credential.ts'

/** Whether the owner of a verified password may pull the repository now. The registry is the current one. */
export type MayPull = (registry: Registry) => Promise<boolean>

/**
 * Verifies a user name and a password, as the token endpoint accepts them. Undefined if they do not permit pulling a repository
 * of a registry. The result decides again later, without the password.
 */
export async function verifyPullPassword(
  context: AuthenticationContext & { readonly audit: Audit },
  registry: Registry,
  { remoteAddress, ...credentials }: PasswordCredentials & { readonly remoteAddress: string },
  repository: string,
): Promise<MayPull | undefined> {
  const authentication = await authenticatePassword(context, registry, credentials, {
    acceptTokens: true,
    remoteAddress,
  })
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
