import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { sql } from 'kysely'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import { ociImageIndexType } from '@acrux/shared/standards/oci/media-type.ts'
import {
  digestOf,
  imageManifest,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'

for (const kind of testDatabaseKinds) describe(`retention on ${kind}`, () => testRetention(kind))

const dayMs = 24 * 60 * 60 * 1000
const config = '{"architecture":"amd64","os":"linux"}'

function testRetention(kind: DatabaseKind): void {
  let test: TestRegistry
  let enabledAtMs = 0

  before(async () => {
    test = await openTestRegistry(kind)
    enabledAtMs = test.clock.nowMs
  })
  after(() => test.dispose())

  const carryOut = (days: number, status: 'enabled' | 'disabled' = 'enabled') =>
    test.registry.applyPolicies({
      ...test.hosted,
      policies: {
        retentionPolicy: { status, days, enabledAtMs },
        softDeletePolicy: { status: 'disabled', retentionDays: 7 },
      },
    })
  const isThere = async (name: string, digest: string) =>
    (await test.send('HEAD', `/v2/${name}/manifests/${digest}`)).status === 200
  const untag = (name: string, tag: string) => test.send('DELETE', `/acr/v1/${encodeURIComponent(name)}/_tags/${tag}`)
  const lock = (path: string, body: object) => test.send('PATCH', `/acr/v1/${path}`, { body: JSON.stringify(body) })

  it('a manifest is deleted when it has been untagged for the configured days, and not before', async () => {
    const untagged = await test.pushImage('r/app', 'v1', 'one')
    const moved = await test.pushImage('r/app', 'v2', 'two')
    const tagged = await test.pushImage('r/app', 'v3', 'three')
    test.clock.nowMs += 10 * dayMs
    await untag('r/app', 'v1')
    await test.pushImage('r/app', 'v2', 'another two')
    test.clock.nowMs += 2 * dayMs
    assert.deepEqual(await carryOut(3), { untagged: 0, purged: 0 }, 'it had a tag two days ago')
    test.clock.nowMs += dayMs + 1
    assert.deepEqual(await carryOut(3, 'disabled'), { untagged: 0, purged: 0 })
    assert.deepEqual(await carryOut(3), { untagged: 2, purged: 0 })
    assert.deepEqual(await Promise.all([untagged, moved, tagged].map((digest) => isThere('r/app', digest))), [
      false,
      false,
      true,
    ])
    const { manifestCount, tagCount } = (await test.send('GET', '/acr/v1/r%2Fapp')).json
    assert.deepEqual([manifestCount, tagCount], [2, 2])
    const { rows } = await sql<{ actor_kind: string; actor_id: string; target: string }>`
      select actor_kind, actor_id, target from audit_event where action = 'manifest.delete' order by target
    `.execute(test.database.tables())
    const expected = [untagged, moved].map((digest) => `first.example/r/app@${digest}`).toSorted()
    assert.deepEqual(
      rows.map(({ target }) => target),
      expected,
    )
    for (const { actor_kind, actor_id } of rows)
      assert.deepEqual([actor_kind, actor_id], ['system', 'retention-policy'])
  })

  it('a manifest that was untagged before the policy was enabled is kept', async () => {
    const digest = await test.pushImage('r/old', 'v1', 'old')
    await untag('r/old', 'v1')
    test.clock.nowMs += dayMs
    enabledAtMs = test.clock.nowMs
    test.clock.nowMs += 30 * dayMs
    await carryOut(0)
    assert.ok(await isThere('r/old', digest))
    await test.putManifest('r/old', digest, imageManifest(config, ['old']))
    test.clock.nowMs += 2 * dayMs
    await carryOut(0)
    assert.ok(!(await isThere('r/old', digest)), 'it was pushed again since')
  })

  it('fault 33: a locked manifest, and a manifest in a locked repository, is kept', async () => {
    const cases = [
      ['r/lock1', { deleteEnabled: false }, true],
      ['r/lock2', { writeEnabled: false }, true],
      ['r/lock3', { deleteEnabled: false }, false],
      ['r/lock4', { writeEnabled: false }, false],
    ] as const
    const digests = await Promise.all(
      cases.map(async ([name, locks, onManifest]) => {
        const digest = await test.pushImage(name, 'v1', name)
        await untag(name, 'v1')
        await lock(`${encodeURIComponent(name)}${onManifest ? `/_manifests/${digest}` : ''}`, locks)
        return digest
      }),
    )
    test.clock.nowMs += 30 * dayMs
    await carryOut(1)
    for (const [index, [name, , onManifest]] of cases.entries()) {
      const digest = digests[index] ?? ''
      assert.ok(await isThere(name, digest), name)
      await lock(`${encodeURIComponent(name)}${onManifest ? `/_manifests/${digest}` : ''}`, {
        deleteEnabled: true,
        writeEnabled: true,
      })
    }
    assert.equal((await carryOut(1)).untagged, 4)
  })

  it('the children of an index and the referrers of an image are kept as long as it, and deleted with it', async () => {
    const child = await test.pushImage('r/multi', 'child', 'child')
    await untag('r/multi', 'child')
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociImageIndexType,
      manifests: [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: child, size: 400 }],
    })
    await test.putManifest('r/multi', 'multi', index, ociImageIndexType)
    await test.pushBlob('r/multi', config)
    const subject = { mediaType: ociImageIndexType, digest: digestOf(index), size: index.length }
    const referrer = JSON.stringify({
      ...imageManifest(config, ['child'], { subject, artifactType: 'application/x.signature' }),
    })
    await test.putManifest('r/multi', digestOf(referrer), referrer)
    test.clock.nowMs += 30 * dayMs
    await carryOut(7)
    for (const digest of [child, digestOf(index), digestOf(referrer)])
      assert.ok(await isThere('r/multi', digest), digest)
    await untag('r/multi', 'multi')
    test.clock.nowMs += 8 * dayMs
    assert.equal((await carryOut(7)).untagged, 3)
    for (const digest of [child, digestOf(index), digestOf(referrer)]) assert.ok(!(await isThere('r/multi', digest)))
  })

  it('with a retention of zero days, the manifests of a running push are kept', async () => {
    await test.pushBlob('r/push', config)
    await test.pushBlob('r/push', 'part')
    const part = JSON.stringify(imageManifest(config, ['part']))
    await test.putManifest('r/push', digestOf(part), part)
    test.clock.nowMs += 60_000
    await carryOut(0)
    assert.ok(await isThere('r/push', digestOf(part)))
    test.clock.nowMs += 2 * dayMs
    await carryOut(0)
    assert.ok(!(await isThere('r/push', digestOf(part))))
  })

  it('another registry is not affected', async () => {
    const host = 'second.example'
    await test.send('POST', `/v2/r/app/blobs/uploads/?digest=${digestOf(config)}`, { host, body: config })
    const manifest = JSON.stringify(imageManifest(config, []))
    const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }
    await test.send('PUT', `/v2/r/app/manifests/${digestOf(manifest)}`, { host, headers, body: manifest })
    test.clock.nowMs += 30 * dayMs
    await carryOut(1)
    assert.equal((await test.send('HEAD', `/v2/r/app/manifests/${digestOf(manifest)}`, { host })).status, 200)
  })
}
