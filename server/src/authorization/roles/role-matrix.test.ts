import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTestAccess, principalOf, testRegistry, testScopes } from '../../../testing/authorization/test-access.ts'
import { usualDatabaseKind } from '../../../testing/platform/test-database.ts'

/** The rights, and the letters that represent the rights in the table. */
const asked = [
  ['p', 'repository', 'pull'],
  ['w', 'repository', 'push'],
  ['d', 'repository', 'delete'],
  ['m', 'repository', 'metadata_read'],
  ['M', 'repository', 'metadata_write'],
  ['u', 'repository', 'untag'],
  ['r', 'repository', 'deleted_read'],
  ['R', 'repository', 'deleted_restore'],
  ['c', 'catalog', '*'],
  ['C', 'deleted_catalog', '*'],
] as const

/** The rights of every built-in role in each mode. [acr-protocol §9, §9.1] */
// prettier-ignore
const matrix: readonly (readonly [role: string, legacy: string, abac: string, why: string])[] = [
  ['Owner',                                        'pwdmMurRcC', '',         'all in legacy mode; only the control plane in the other'],
  ['Contributor',                                  'pwdmMurRcC', '',         'as Owner: what it may not do concerns roles'],
  ['Reader',                                       'pmrcC',      '',         '*/read matches pull/read'],
  ['Monitoring Reader',                            'pmrcC',      '',         '*/read matches pull/read'],
  ['User Access Administrator',                    'pmrcC',      '',         '*/read matches pull/read'],
  ['Role Based Access Control Administrator',      'pmrcC',      '',         '*/read matches pull/read'],
  ['AcrPull',                                      'pmc',        '',         'pull/read'],
  ['AcrPush',                                      'pwmuc',      '',         'pull/read and push/write; it may not lock'],
  ['AcrDelete',                                    'd',          '',         'artifacts/delete, and no pull'],
  ['AcrImageSigner',                               '',           '',         'signs trusted collections, of which there are none'],
  ['AcrQuarantineReader',                          '',           '',         'nothing is quarantined'],
  ['AcrQuarantineWriter',                          '',           '',         'nothing is quarantined'],
  ['Container Registry Repository Reader',         '',           'pmr',      'data actions count in ABAC mode alone'],
  ['Container Registry Repository Writer',         '',           'pwmMurR',  'it may lock and untag'],
  ['Container Registry Repository Contributor',    '',           'pwdmMurR', 'and delete, without the catalog'],
  ['Container Registry Repository Catalog Lister', '',           'cC',       'catalog/read, and no content'],
  ['Container Registry Contributor and Data Access Configuration Administrator',    '',    '',      'the control plane alone'],
  ['Container Registry Configuration Reader and Data Access Configuration Reader',  '',    '',      'the control plane alone'],
  ['Container Registry Tasks Contributor',                                          '',    '',      'the control plane alone'],
  ['Container Registry Transfer Pipeline Contributor',                              '',    '',      'the control plane alone'],
  ['Container Registry Data Importer and Data Reader',                              'pmc', 'pmrcC', 'actions and data actions'],
  ['Container Registry Cache Rule Administrator',                                   '',    '',      'the control plane alone'],
  ['Container Registry Cache Rule Reader',                                          '',    '',      'the control plane alone'],
  ['Container Registry Credential Set Administrator',                               '',    '',      'the control plane alone'],
  ['Container Registry Credential Set Reader',                                      '',    '',      'the control plane alone'],
  ['Managed Identity Contributor',                                                  '',    '',      'managed identities alone'],
  ['Managed Identity Operator',                                                     '',    '',      'managed identities alone'],
  ['Azure Connected Machine Onboarding',                                            '',    '',      'machines alone'],
  ['Azure Connected Machine Resource Administrator',                                '',    '',      'machines alone'],
]

const opened = await openTestAccess(usualDatabaseKind)
const { access, assign, dispose } = opened
test.after(() => dispose())

test('the table names every built-in role once', async () => {
  const names = (await access.listRoleDefinitions()).map(({ roleName }) => roleName)
  assert.deepEqual(matrix.map(([role]) => role).toSorted(), names.toSorted())
})

for (const [role, legacy, abac, why] of matrix) {
  test(`${role} allows [${legacy}] in legacy mode and [${abac}] in ABAC mode: ${why}`, async () => {
    const id = `holder of ${role}`
    await assign(id, role, testScopes.registry)
    const modes = [
      ['LegacyRegistryPermissions', legacy],
      ['AbacRepositoryPermissions', abac],
    ] as const
    for (const [roleAssignmentMode, expected] of modes) {
      const registry = testRegistry({ roleAssignmentMode })
      let allowed = ''
      for (const [letter, kind, action] of asked) {
        const scope =
          kind === 'repository'
            ? { type: 'repository', name: 'team/app', actions: [action] }
            : { type: 'registry', name: kind, actions: [action] }
        const granted = await access.allowedAccess(principalOf(id), registry, [scope])
        if (granted.length === 0) continue
        assert.deepEqual(granted, [scope])
        allowed += letter
      }
      assert.equal(allowed, expected, roleAssignmentMode)
    }
  })
}
