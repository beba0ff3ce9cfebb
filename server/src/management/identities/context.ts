import type { Credentials } from '../../credentials/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { ArmContext } from '../arm/context.ts'

/** What the handlers of managed identities and machines use. */
export type IdentitiesContext = ArmContext & {
  readonly credentials: Pick<Credentials, 'managedFederation' | 'machines'>
  readonly directory: Pick<Directory, 'managedIdentities'>
}
