import { after } from 'node:test'
import type { DatabaseKind } from '../../src/platform/sql/database.ts'
import { newRegistry, openTestManagement, registryPath, subscriptionScope } from './test-management.ts'

/** The management API with one registry. The API is closed after the tests of the file. */
export async function openWithRegistry(properties: object = {}, kind?: DatabaseKind) {
  const server = await openTestManagement(kind)
  after(() => server.close())
  const registry = registryPath('Contoso')
  await server.arm('PUT', registry, newRegistry(properties))
  return { server, arm: server.arm, registry }
}

const authorization = (scope: string) => `${scope}/providers/Microsoft.Authorization`

/** The path of the role definitions at a scope. */
export const definitions = (scope: string) => `${authorization(scope)}/roleDefinitions`

/** The path of the role assignments at a scope. */
export const assignments = (scope: string) => `${authorization(scope)}/roleAssignments`

/** The id of a role. */
export const roleId = (guid: string, scope = subscriptionScope) => `${definitions(scope)}/${guid}`

/** A list of roles or role assignments with a filter. */
export const filtered = (path: string, filter: string) =>
  `${path}?api-version=2022-04-01&$filter=${encodeURIComponent(filter)}`
