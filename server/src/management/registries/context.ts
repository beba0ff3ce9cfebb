import type { CredentialUses } from '../../audit/index.ts'
import type { Credentials } from '../../credentials/index.ts'
import type { Imports } from '../../imports/index.ts'
import type { Registry } from '../../registry/index.ts'
import type { TokenService } from '../../token-service/index.ts'
import type { ArmContext } from '../arm/context.ts'

/** What the handlers of registries and of their children use. */
export type RegistriesContext = ArmContext & {
  readonly credentials: Pick<Credentials, 'managedFederation'>
  readonly credentialUses: Pick<CredentialUses, 'lastUses'>
  readonly imports: Pick<Imports, 'start' | 'find' | 'list' | 'cancel' | 'findRequester'>
  readonly registry: Pick<Registry, 'usage' | 'deletions' | 'quotas' | 'uploads' | 'search'>
  readonly tokenService: Pick<TokenService, 'verifyPullPassword'>
}
