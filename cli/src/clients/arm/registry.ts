import type { Account } from '../session/account.ts'
import { recordOf } from '../session/account.ts'
import { askArm, listArm } from './arm.ts'

const registryType = 'Microsoft.ContainerRegistry/registries'
const registryVersion = '2025-03-01-preview'

/** The properties of a registry that commands use. */
export type RegistryDocument = {
  readonly id: string
  readonly name: string
  readonly loginServer: string
  readonly adminUserEnabled: boolean
  /** Whether permissions apply per repository, and not to the registry as a whole. */
  readonly isPerRepository: boolean
}

/**
 * Finds a registry of the active subscription by its name, ignoring case, as az does. Returns undefined if the account
 * cannot see the registry. [acr-protocol §2.1 step 4]
 *
 * @throws ApiError
 */
export async function findRegistry(
  account: Account,
  name: string,
  resourceGroup?: string,
): Promise<RegistryDocument | undefined> {
  const base = `/subscriptions/${account.subscription.id}`
  const id =
    resourceGroup === undefined
      ? await findId(account, base, name)
      : `${base}/resourceGroups/${resourceGroup}/providers/${registryType}/${name}`
  if (id === undefined) return undefined
  return documentOf(await askArm(account, { method: 'GET', url: `${id}?api-version=${registryVersion}` }))
}

/** Finds a registry by its login server. Returns undefined if the account cannot see the registry. @throws ApiError */
export async function findByLoginServer(account: Account, loginServer: string): Promise<RegistryDocument | undefined> {
  const url = `/subscriptions/${account.subscription.id}/providers/${registryType}?api-version=${registryVersion}`
  const all = (await listArm(account, url)).map(documentOf)
  return all.find((each) => each.loginServer.toLowerCase() === loginServer.toLowerCase())
}

function documentOf(response: unknown): RegistryDocument {
  const document = recordOf(response)
  const { loginServer, adminUserEnabled, roleAssignmentMode } = recordOf(document['properties'])
  return {
    id: String(document['id']),
    name: String(document['name']),
    loginServer: String(loginServer),
    adminUserEnabled: adminUserEnabled === true,
    isPerRepository: roleAssignmentMode === 'AbacRepositoryPermissions',
  }
}

async function findId(account: Account, base: string, name: string): Promise<string | undefined> {
  const filter = encodeURIComponent(`resourceType eq '${registryType}'`)
  const resources = await listArm(account, `${base}/resources?$filter=${filter}&api-version=2024-11-01`)
  const found = resources.map(recordOf).find((each) => String(each['name']).toLowerCase() === name.toLowerCase())
  return found === undefined ? undefined : String(found['id'])
}
