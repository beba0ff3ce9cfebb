import type { Directory, SigningPrincipal } from '../../directory/index.ts'
import type { Actor } from '../../registry/index.ts'
import type { Registry } from '../../resources/index.ts'
import { cutText } from '@acrux/shared/standards/http/cut-text.ts'
import type { Credential } from './credential.ts'

type Names = { readonly directory: Pick<Directory, 'findPrincipal' | 'managedIdentities'> }

/** The maximum length of a recorded name. */
const maxNameLength = 256

/** A principal of the directory, as the registry records who pushed content. */
export async function actorOfPrincipal(
  { directory }: { readonly directory: Pick<Directory, 'managedIdentities'> },
  { kind, objectId, displayName }: Pick<SigningPrincipal, 'kind' | 'objectId' | 'displayName'>,
): Promise<Actor> {
  const name = cutText(displayName, maxNameLength)
  if (kind === 'user') return { id: objectId, name, kind: 'person' }
  const isManaged = (await directory.managedIdentities.findById(objectId)) !== undefined
  return { id: objectId, name, kind: isManaged ? 'managedIdentity' : 'servicePrincipal' }
}

/** The owner of a credential, as the registry records who pushed content; undefined for an anonymous caller. */
export async function actorOfCredential(
  context: Names,
  registry: Pick<Registry, 'name'>,
  credential: Credential,
): Promise<Actor | undefined> {
  switch (credential.kind) {
    case 'anonymous':
      return undefined
    case 'admin':
      return { id: registry.name, name: registry.name, kind: 'admin' }
    case 'scoped-token':
      return { id: credential.name, name: credential.name, kind: 'token' }
    case 'directory': {
      const { objectId, principalKind, subject } = credential
      const found = await context.directory.findPrincipal(objectId)
      const principal = found === undefined || found.kind === 'group' ? undefined : found
      return actorOfPrincipal(context, principal ?? { kind: principalKind, objectId, displayName: subject })
    }
  }
}
