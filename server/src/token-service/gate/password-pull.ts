import type { Audit } from '../../audit/index.ts'
import type { Registry } from '../../resources/index.ts'
import { covers } from '../../standards/oauth/access-scope.ts'
import {
  type AuthenticationContext,
  type PasswordCredentials,
  authenticatePassword,
} from '../tokens/authenticate-password.ts'
import { auditedCallerOf, standingPrincipal } from '../tokens/credential.ts'

/** Whether a user name and a password, as the token endpoint accepts them, permit pulling a repository of a registry. */
export async function passwordMayPull(
  context: AuthenticationContext & { readonly audit: Audit },
  registry: Registry,
  { remoteAddress, ...credentials }: PasswordCredentials & { readonly remoteAddress: string },
  repository: string,
): Promise<boolean> {
  const authentication = await authenticatePassword(context, registry, credentials, {
    acceptTokens: true,
    remoteAddress,
  })
  const principal = authentication && (await standingPrincipal(context, registry, authentication.credential))
  if (authentication === undefined || principal === undefined) return false
  const actions = ['pull']
  const allowed = await context.access.allowedAccess(principal, registry, [
    { type: 'repository', name: repository, actions },
  ])
  const mayPull = [allowed, authentication.narrowedTo ?? allowed].every((access) =>
    covers(access, 'repository', repository, actions),
  )
  const { actor, credential } = auditedCallerOf(authentication.credential, registry)
  if (mayPull) context.audit.noteUse(actor, credential)
  return mayPull
}
