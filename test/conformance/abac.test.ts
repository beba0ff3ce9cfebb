/** The OCI distribution specification, held in ABAC mode for those to whom that mode gives rights in its own way. */
import { after } from 'node:test'
import { arm, assignRole, createServicePrincipal, enableAdmin, expectStatus, registryId } from '../harness/arm.ts'
import { createScopedToken } from '../harness/scoped-tokens.ts'
import { startServer } from '../harness/server.ts'
import { bearerCaller } from './caller.ts'
import { testSpecification } from './specification.ts'

/** Container Registry Repository Contributor. */
const repositoryContributor = '2efddaa5-3f1f-4df3-97df-af3f13818f4c'

const server = await startServer({ args: ['--accept-sparse-images'] })
after(() => server[Symbol.asyncDispose]())

const mode = { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } }
expectStatus(await arm(server, 'PATCH', registryId(server), mode), 200)
const contributor = await createServicePrincipal(server, 'contributor')
await assignRole(server, contributor.objectId, repositoryContributor, registryId(server))
const admin = await enableAdmin(server)
const scoped = await createScopedToken(server, 'conformance', '_repositories_admin')

testSpecification(
  bearerCaller(server, 'a repository contributor', { username: contributor.appId, password: contributor.password }),
)
// `postgres/clients.test.ts` uses a server with its rows in PostgreSQL with every kind of sign-in.
if (process.env['ACRUX_TEST_SERVERS'] !== 'postgres') {
  testSpecification(bearerCaller(server, 'the admin account', { username: admin.username, password: admin.password }))
  testSpecification(bearerCaller(server, 'a scoped token', { username: scoped.username, password: scoped.password }))
}
