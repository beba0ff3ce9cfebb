import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, describe, test } from 'node:test'
import type { JWTPayload } from 'jose'
import { loadConfiguration } from '../../configuration/index.ts'
import { createLog } from '../../platform/log/log.ts'
import { openSealer } from '../../platform/keys/sealing.ts'
import { openTestDatabase, usualDatabaseKind } from '../../../testing/platform/test-database.ts'
import { startTestProvider } from '../../../testing/issuers/test-upstream-provider.ts'
import { signInRequest, testUpstreamOrigin } from '../../../testing/issuers/test-upstreams.ts'
import { openUpstreams } from './upstreams.ts'
import { createUpstreamFetch } from './fetch.ts'
import { issuerMigrations } from '../migrations.ts'

/** Acrux with a provider that is called as Entra is. */
async function openEntra(t: TestContext, extra: Readonly<Record<string, unknown>>) {
  const tenantPath = String(extra['issuer']).replace(/^https:\/\/[^/]+/, '')
  const provider = await startTestProvider(tenantPath)
  const { database, dispose } = await openTestDatabase(usualDatabaseKind, issuerMigrations)
  const directory = await mkdtemp(path.join(tmpdir(), 'acrux-upstream-'))
  t.after(async () => {
    await Promise.all([provider.close(), dispose()])
    await rm(directory, { recursive: true })
  })
  const settings = {
    name: 'entra',
    displayName: 'Entra',
    kind: 'entra',
    clientId: 'acrux',
    clientSecretFile: provider.secretFile,
    ...extra,
  }
  const { identityProviders } = await loadConfiguration({ flags: { identityProviders: JSON.stringify([settings]) } })
  const host = `localhost:${provider.port}`
  const way = createUpstreamFetch({ issuer: `https://${host}`, privateNetwork: true, ca: provider.authority.cert })
  const upstreams = await openUpstreams({
    providers: identityProviders,
    database,
    clock: { now: () => Date.now() },
    log: createLog('silent'),
    sealer: await openSealer(path.join(directory, 'key')),
    publicOrigin: testUpstreamOrigin,
    // The public name resolves to the test's own server.
    fetchFor: () => (url, options) => way(url.replace('login.microsoftonline.com', host), options),
  })
  provider.renameIssuer(String(extra['issuer']))
  return {
    provider,
    signIn: async (claims: JWTPayload) => {
      const begun = await upstreams.begin('entra', { ...signInRequest, domainHint: 'contoso.example' })
      assert.ok('location' in begun, JSON.stringify(begun))
      assert.equal(new URL(begun.location).searchParams.get('domain_hint'), 'contoso.example')
      const query = provider.signIn(begun.location, claims)
      query.delete('iss')
      const result = await upstreams.finish('entra', {
        browser: 'browser-1',
        query: query.toString(),
        correlationId: 'id',
      })
      return 'rejection' in result ? result.rejection.failure : result
    },
  }
}

describe('an Entra tenant', () => {
  const tenantId = '3d6f0f5e-7c1a-4d0c-9a53-3f1f6a0b8c11'
  const otherTenantId = '5b1cdb6e-2a4f-4f0e-8d0c-0a7b1e9f2d33'
  const oid = '0f8fad5b-d9cb-469f-a165-70867728950e'
  const issuerOf = (tenant: string) => `https://login.microsoftonline.com/${tenant}/v2.0`
  const silent = { authorization_response_iss_parameter_supported: false }

  test('identifies people by tenant and object id, whatever their subject, mail and name', async (t) => {
    const { provider, signIn } = await openEntra(t, { issuer: issuerOf(tenantId) })
    provider.override({ configuration: silent })
    const result = await signIn({ sub: 'pairwise', tid: tenantId, oid, preferred_username: 'a@contoso.example' })
    assert.ok(typeof result === 'object', JSON.stringify(result))
    assert.deepEqual([result.person.issuer, result.person.subject], [issuerOf(tenantId), oid])
    for (const claims of [
      { tid: tenantId },
      { oid },
      { tid: otherTenantId, oid },
      { tid: tenantId, oid: 'alice' },
      { tid: tenantId, oid: [oid] },
    ]) {
      assert.equal(await signIn({ sub: 'pairwise', ...claims }), 'bad-answer', JSON.stringify(claims))
    }
  })

  test('that did not verify the domain of an e-mail address supplies none', async (t) => {
    const { provider, signIn } = await openEntra(t, { issuer: issuerOf(tenantId) })
    provider.override({ configuration: silent })
    const email = 'ceo@contoso.example'
    for (const [claims, expected] of [
      [{}, email],
      [{ xms_edov: true }, email],
      [{ xms_edov: '1' }, email],
      [{ xms_edov: false }, undefined],
      [{ xms_edov: '0' }, undefined],
      [{ xms_edov: true, email_verified: false }, undefined],
    ] as const) {
      const result = await signIn({ sub: 'pairwise', tid: tenantId, oid, email, ...claims })
      assert.ok(typeof result === 'object', JSON.stringify(result))
      assert.equal(result.person.mail, expected, JSON.stringify(claims))
    }
  })

  test('with the issuer of another tenant is not used', async (t) => {
    const { provider, signIn } = await openEntra(t, { issuer: issuerOf(tenantId) })
    for (const issuer of [issuerOf(otherTenantId), issuerOf('{tenantid}'), 'https://evil.example/v2.0']) {
      provider.override({ configuration: { ...silent, issuer } })
      await assert.rejects(signIn({ sub: 'pairwise', tid: tenantId, oid }), /bad-answer/, issuer)
    }
  })

  test('is one of several if the settings allow it, and each token has the issuer of its tenant', async (t) => {
    const { provider, signIn } = await openEntra(t, { issuer: issuerOf('organizations'), allowedTenants: [tenantId] })
    const configuration = { ...silent, issuer: issuerOf('{tenantid}') }
    const of = (tid: string, iss = issuerOf(tid)) => ({ sub: 'pairwise', tid, oid, iss })
    provider.override({ configuration })
    const result = await signIn(of(tenantId))
    assert.ok(typeof result === 'object', JSON.stringify(result))
    assert.deepEqual([result.person.issuer, result.person.subject], [issuerOf(tenantId), oid])
    assert.equal(await signIn(of(otherTenantId)), 'tenant')
    assert.equal(await signIn(of(tenantId, issuerOf(otherTenantId))), 'bad-answer')
    assert.equal(await signIn(of(otherTenantId, issuerOf(tenantId))), 'bad-answer')
  })

  test('that is one of several supplies an e-mail address only if it verified the domain', async (t) => {
    const allowedTenants = [tenantId, otherTenantId]
    const { provider, signIn } = await openEntra(t, { issuer: issuerOf('organizations'), allowedTenants })
    provider.override({ configuration: { ...silent, issuer: issuerOf('{tenantid}') } })
    const email = 'ceo@contoso.example'
    for (const [claims, expected] of [
      [{}, undefined],
      [{ email_verified: true }, undefined],
      [{ xms_edov: false }, undefined],
      [{ xms_edov: true }, email],
    ] as const) {
      const person = { sub: 'pairwise', tid: otherTenantId, oid, iss: issuerOf(otherTenantId), email, ...claims }
      const result = await signIn(person)
      assert.ok(typeof result === 'object', JSON.stringify(result))
      assert.equal(result.person.mail, expected, JSON.stringify(claims))
    }
  })
})
