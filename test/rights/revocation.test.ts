import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import {
  arm,
  assignRole,
  createRegistry,
  expectStatus,
  principalWithRole,
  registryId,
  removeRole,
  roles,
} from '../harness/arm.ts'
import { freePort } from '../harness/free-port.ts'
import { startOpenIdProvider } from '../harness/openid-provider.ts'
import { tempDir } from '../harness/temp-dir.ts'
import { accessToken, basic, get, onRegistry, pushImage, registryUrl } from '../harness/registry.ts'
import { startServer } from '../harness/server.ts'
import { standForTenant } from '../harness/stand-in-tenant.ts'
import { startTokenIssuer, trustArguments } from '../harness/token-issuer.ts'
import { request, type HttpResponse } from '../harness/http.ts'
import { assertDenied } from './denial.ts'
import { tokensOf } from './tokens.ts'
import type { Revocation } from './revocation/case.ts'
import { columns, staying, takenElsewhere, takenElsewhereToo, without } from './revocation/fields.ts'
import { assertTaken, assertWorks, firstRegistry, type Holding } from './revocation/held.ts'
import { machinesRevocations } from './revocation/of-machines.ts'
import { peopleRevocations } from './revocation/of-people.ts'
import { guest, programsRevocations } from './revocation/of-programs.ts'
import { registriesRevocations } from './revocation/of-registries.ts'
import { rightsRevocations } from './revocation/of-rights.ts'
import { memberOf } from './revocation/of-settings.ts'
import { readStored, storedColumns, takenBetween } from './revocation/stored.ts'

const issuer = await startTokenIssuer()
after(() => issuer[Symbol.asyncDispose]())
const tenant = standForTenant(issuer)
const server = await startServer({
  args: [...trustArguments(issuer), '--trusted-tenants', tenant.setting, '--identity-password-grant'],
})
after(() => server[Symbol.asyncDispose]())
const { loginServer, servicePrincipal } = server.firstRun
const pullPush = 'repository:team/app:pull,push'
const owner = basic(servicePrincipal.appId, servicePrincipal.password)
await pushImage(server, 'team/app', '1', owner)

/** A registry in which conditions count. What the first owner may do there is gone with the mode, so it is filled before. */
const abac = { ...(await createRegistry(server, 'byName')), registry: 'byName' }
await pushImage(onRegistry(server, abac), 'team/app', '1', owner)
const mode = { properties: { roleAssignmentMode: 'AbacRepositoryPermissions' } }
expectStatus(await arm(server, 'PATCH', registryId(server, 'byName'), mode), 200)

const cases: readonly Revocation[] = [
  ...rightsRevocations(server, abac),
  ...registriesRevocations(server),
  ...programsRevocations(server, issuer, tenant),
  ...machinesRevocations(server, issuer),
  ...peopleRevocations(server),
]

for (const { when, fields, loss, give } of cases) {
  test(`tokens and sessions issued before are denied from the next request on when ${when}`, async () => {
    const { held, once = {}, kept = {}, take, where = firstRegistry(server) } = await give()
    for (const holding of [held, kept].flat()) await assertWorks(holding)
    const before = readStored(server)
    await take()
    const taken = takenBetween(before, readStored(server))
    for (const holding of [held, once].flat()) await assertTaken(holding, loss, where)
    await assertWorks(kept)
    assert.deepEqual(taken, [...fields].toSorted(), 'nothing else was taken')
  })
}

test('the table of fields lists every column of the database, and a case revokes each column that gives a right', () => {
  const stored = Map.groupBy(storedColumns(server), (name) => name.slice(0, name.indexOf('.')))
  const known = [...Object.keys(columns), ...Object.keys(takenElsewhere), ...Object.keys(without)]
  assert.deepEqual(known.toSorted(), [...stored.keys()].toSorted(), 'each table is in one of the three lists')
  for (const [table, meanings] of Object.entries(columns)) {
    const named = Object.keys(meanings).map((name) => name.replace(/\..*$/, ''))
    assert.deepEqual([...new Set(named)].map((name) => `${table}.${name}`).toSorted(), stored.get(table)?.toSorted())
  }
  for (const [table, rows] of readStored(server)) {
    for (const name of rows.values().flatMap((row) => Object.keys(row)))
      assert.ok(columns[table]?.[name], `${table}.${name}`)
  }
  const fields = Object.entries(columns).flatMap(([table, meanings]) => {
    const alone = Object.keys(meanings).filter((name) => meanings[name] === 'alone')
    return [...(staying.includes(table) ? [] : [table]), ...alone.map((name) => `${table}.${name}`)]
  })
  assert.deepEqual(fields.toSorted(), [...new Set(cases.flatMap((one) => one.fields))].toSorted())
  for (const [file, title] of [...Object.values(takenElsewhere), ...takenElsewhereToo]) {
    assert.ok(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').includes(title), title)
  }
})

test('tokens and sessions that came from a provider or tenant are denied after it is removed from the settings', async (t) => {
  using home = tempDir('settings')
  const port = await freePort()
  const place = { port, dataDir: home.path }
  const provider = await startOpenIdProvider('contoso', `https://localhost:${port}/sign-in/contoso/callback`)
  t.after(() => provider[Symbol.asyncDispose]())
  const providers = ['--identity-providers', JSON.stringify([provider.settings])]
  const tenants = [...trustArguments(issuer), '--trusted-tenants', tenant.setting]
  const held: Holding[] = []
  {
    await using first = await startServer({ ...place, args: [...providers, ...tenants] })
    const { appId, password } = first.firstRun.servicePrincipal
    await pushImage(first, 'team/app', '1', basic(appId, password))
    held.push(await memberOf(first, provider), (await guest(first, tenant)).held)
    for (const holding of held) await assertWorks(holding)
  }
  await using again = await startServer(place)
  for (const holding of held) await assertTaken(holding, 'credential', firstRegistry(again))
})

async function beginUpload(authorization: string): Promise<HttpResponse> {
  const url = `${registryUrl(server)}/v2/team/app/blobs/uploads/`
  return request({ method: 'POST', url, headers: { authorization }, caFile: server.caFile })
}

test('deleting one of two role assignments revokes its own right and no other', async () => {
  const principal = await principalWithRole(server, 'two-roles', roles.acrPull)
  const pushing = await assignRole(server, principal.objectId, roles.acrPush, registryId(server))
  const bearer = `Bearer ${(await tokensOf(server, principal, [pullPush])).access}`
  assert.equal((await beginUpload(bearer)).status, 202)
  await removeRole(server, pushing)
  assertDenied(await beginUpload(bearer), { loginServer, scope: pullPush, error: 'insufficient_scope' })
  assert.equal((await get(server, '/v2/team/app/manifests/1', bearer)).status, 200)
})

test('a right that is granted later does not widen a token that was issued before', async () => {
  const principal = await principalWithRole(server, 'promoted', roles.acrPull)
  const tokens = await tokensOf(server, principal, [pullPush])
  await assignRole(server, principal.objectId, roles.acrPush, registryId(server))
  const denied = await beginUpload(`Bearer ${tokens.access}`)
  assertDenied(denied, { loginServer, scope: pullPush, error: 'insufficient_scope' })
  const wider = await accessToken(server, { refreshToken: tokens.refresh }, [pullPush])
  assert.equal((await beginUpload(`Bearer ${wider}`)).status, 202)
})
