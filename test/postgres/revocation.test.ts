import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { arm, createRegistry, expectStatus, registryId } from '../harness/arm.ts'
import { requirePostgres, startTestPostgres } from '../harness/postgres.ts'
import { basic, onRegistry, pushImage } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { standForTenant } from '../harness/stand-in-tenant.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { assertTaken, assertWorks, firstRegistry } from '../rights/revocation/held.ts'
import { machinesRevocations } from '../rights/revocation/of-machines.ts'
import { peopleRevocations } from '../rights/revocation/of-people.ts'
import { programsRevocations } from '../rights/revocation/of-programs.ts'
import { registriesRevocations } from '../rights/revocation/of-registries.ts'
import { rightsRevocations } from '../rights/revocation/of-rights.ts'

test('on PostgreSQL with two workers, tokens and sessions issued before are denied from the next request on after each revocation', async (t: TestContext) => {
  if (!requirePostgres(t)) return
  await using issuer = await startTokenIssuer()
  await using postgres = await startTestPostgres()
  const tenant = standForTenant(issuer)
  const issuers = [...trustArguments(issuer), '--trusted-tenants', tenant.setting, '--identity-password-grant']
  // The same cases run on SQLite in one thread: `rights/revocation.test.ts`.
  const workers = ['--workers', '2']
  await using server = await startServer({ args: [...issuers, ...workers, ...postgres.createDatabase('acrux').args] })
  const { servicePrincipal } = server.firstRun
  const owner = basic(servicePrincipal.appId, servicePrincipal.password)
  await pushImage(server, 'team/app', '1', owner)
  const abac = { ...(await createRegistry(server, 'byName')), registry: 'byName' }
  await pushImage(onRegistry(server, abac), 'team/app', '1', owner)
  const mode = { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } }
  expectStatus(await arm(server, 'PATCH', registryId(server, 'byName'), mode), 200)
  const cases = [
    ...rightsRevocations(server, abac),
    ...registriesRevocations(server),
    ...programsRevocations(server, issuer, tenant),
    ...machinesRevocations(server, issuer),
    ...peopleRevocations(server),
  ]
  assert.ok(cases.length > 20)
  for (const { when, loss, give } of cases) {
    await t.test(`when ${when}`, async () => {
      const { held, once = {}, kept = {}, take, where = firstRegistry(server) } = await give()
      for (const holding of [held, kept].flat()) await assertWorks(holding)
      await take()
      for (const holding of [held, once].flat()) await assertTaken(holding, loss, where)
      await assertWorks(kept)
    })
  }
})
