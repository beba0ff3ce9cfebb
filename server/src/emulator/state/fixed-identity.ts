import { emulatorTenantId } from '../../installation/index.ts'
import type { FixedFirstRun } from '../../operations/index.ts'

/** The first registry of every emulator. */
export const registryName = 'acrux'

/** The ids and secrets of every emulator. They are public. */
export const fixedIdentity: FixedFirstRun = {
  tenantId: emulatorTenantId,
  subscriptionId: 'acacacac-0000-4000-8000-000000000002',
  ownerPassword: 'acrux-emulator-owner',
  servicePrincipal: {
    appId: 'acacacac-0000-4000-8000-000000000003',
    secret: 'acrux-emulator-owner',
    objectId: 'acacacac-0000-4000-8000-000000000004',
    applicationObjectId: 'acacacac-0000-4000-8000-000000000005',
  },
}
