import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { DatabaseKind } from '../../src/platform/sql/database.ts'
import { openTestDatabase } from '../platform/test-database.ts'
import { registryId, resourceGroupId, subscriptionId } from '@acrux/shared/standards/azure/resource-id.ts'
import type { Principal, RegistryInQuestion } from '../../src/authorization/rights/model.ts'
import type { RoleAssignment } from '../../src/authorization/roles/model.ts'
import { accessMigrations } from '../../src/authorization/migrations.ts'
import { createAccess } from '../../src/authorization/authorization.ts'
import { hasRole } from '../../src/authorization/decisions/explain.ts'

export const testSubscriptionId = '10000000-0000-4000-8000-000000000001'

/** The scopes that apply to the registry of the tests, outermost first. */
export const testScopes = {
  tenant: '/',
  subscription: subscriptionId(testSubscriptionId),
  resourceGroup: resourceGroupId(testSubscriptionId, 'Default'),
  registry: registryId(testSubscriptionId, 'Default', 'Contoso'),
} as const

/** The registry of the tests, in which a test can change properties. */
export function testRegistry(change: Partial<RegistryInQuestion> = {}): RegistryInQuestion {
  return {
    rid: 'a'.repeat(32),
    id: testScopes.registry,
    adminUserEnabled: false,
    anonymousPullEnabled: false,
    roleAssignmentMode: 'LegacyRegistryPermissions',
    ...change,
  }
}

/** A principal of the directory, with groups. */
export function principalOf(objectId: string, groupIds: readonly string[] = []): Principal {
  return { kind: 'directory', objectId, groupIds }
}

/** The principal that creates the scope maps of the tests. */
export const testAuthor = { name: 'alice@contoso.example', kind: 'User' } as const

/** A registry that is not {@link testRegistry}. */
export const otherRid = 'b'.repeat(32)

/** All actions on a repository. */
export const repositoryActions = [
  'pull',
  'push',
  'delete',
  'metadata_read',
  'metadata_write',
  'untag',
  'deleted_read',
  'deleted_restore',
]

export type TestAccess = Awaited<ReturnType<typeof openTestAccess>>

/** The access module on a real database, with a clock that tests can set. */
export async function openTestAccess(kind: DatabaseKind) {
  const { database, dispose } = await openTestDatabase(kind, accessMigrations)
  const nowMs = Date.parse('2026-11-24T12:00:00Z')
  let currentMs = nowMs
  const access = createAccess({ database, clock: { now: () => currentMs } })
  const setNow = (ms: number): void => {
    currentMs = ms
  }
  /** Assigns a role, which is given by its name. */
  const assign = async (
    principalId: string,
    roleName: string,
    scope: string,
    change: Partial<RoleAssignment> = {},
  ): Promise<RoleAssignment> => {
    const role = await access.findRoleDefinition(roleName)
    if (role === undefined) throw new Error(`there is no role ${roleName}`)
    return database.transaction((transaction) =>
      access.createAssignment(transaction, {
        name: randomUUID(),
        scope,
        roleDefinitionName: role.name,
        principalId,
        principalType: 'ServicePrincipal',
        condition: null,
        conditionVersion: null,
        createdBy: 'test',
        ...change,
      }),
    )
  }
  return { database, access, assign, nowMs, setNow, dispose }
}

/** Creates the access module for one test. It is closed after the test. */
export async function openTestAccessFor(t: TestContext, kind: DatabaseKind): Promise<TestAccess> {
  const opened = await openTestAccess(kind)
  t.after(() => opened.dispose())
  return opened
}

/** Whether a principal has a role that covers a scope. */
export async function hasRoleAt(
  access: Pick<TestAccess['access'], 'rightsAt'>,
  principal: Principal,
  scope: string,
): Promise<boolean> {
  return hasRole(await access.rightsAt(principal, testRegistry({ id: scope })))
}

/** Creates a scope map, by default in the registry of the tests. */
export function putScopeMap(
  { database, access }: TestAccess,
  name: string,
  actions: readonly string[],
  rid = testRegistry().rid,
) {
  return database.transaction((transaction) =>
    access.scopeMaps.put(transaction, rid, { name, description: undefined, actions }, testAuthor),
  )
}
