/**
 * The OCI distribution specification, held in ABAC mode for those to whom that mode gives rights in its own way, on a server whose rows
 * are in PostgreSQL. In legacy mode, `conformance/oci.test.ts` holds it on SQLite: the mode decides who may do something, and the database
 * what is stored.
 */
import { after, test } from 'node:test'
import { testSpecification } from '../conformance/specification.ts'
import { bearerCaller } from '../conformance/caller.ts'
import { arm, assignRole, createServicePrincipal, enableAdmin, expectStatus, registryId } from '../harness/arm.ts'
import { requirePostgres } from '../harness/postgres.ts'
import { createScopedToken } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'

/** Container Registry Repository Contributor. */
const repositoryContributor = '2efddaa5-3f1f-4df3-97df-af3f13818f4c'

async function testOnPostgres(): Promise<void> {
  process.env['ACRUX_TEST_SERVERS'] = 'postgres'
  const server = await startServer({ args: ['--accept-sparse-images'] })
  after(() => server[Symbol.asyncDispose]())
  const mode = { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } }
  expectStatus(await arm(server, 'PATCH', registryId(server), mode), 200)
  const contributor = await createServicePrincipal(server, 'contributor')
  await assignRole(server, contributor.objectId, repositoryContributor, registryId(server))
  const admin = await enableAdmin(server)
  const scoped = await createScopedToken(server, 'conformance', '_repositories_admin')
  const callers = [
    { name: 'a repository contributor', username: contributor.appId, password: contributor.password },
    { name: 'the admin account', username: admin.username, password: admin.password },
    { name: 'a scoped token', username: scoped.username, password: scoped.password },
  ]
  for (const { name, ...credential } of callers) testSpecification(bearerCaller(server, name, credential))
}

if (process.env['ACRUX_TEST_POSTGRES'] === undefined) {
  test('the conformance tests pass on PostgreSQL', (t) => void requirePostgres(t))
} else {
  await testOnPostgres()
}
