import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { DatabaseKind } from '../../platform/sql/database.ts'
import { testDatabaseKinds } from '../../../testing/platform/test-database.ts'
import {
  actorNamed,
  descriptorOf,
  digestOf,
  openTestRegistry,
  type TestRegistry,
} from '../../../testing/registry/test-registry.ts'
import { maxWaiting, recountReports } from '../attached/attached-report-store.ts'
import type { RegistryTables } from '../rows/rows.ts'

type Report = {
  readonly digest: string
  readonly kind: string
  readonly state?: string
  readonly reason?: string
  readonly packages?: number
  readonly summary?: unknown
}

const emptyConfig = '{}'
const sarifType = 'application/sarif+json'

const sarif = (...scores: readonly string[]) =>
  JSON.stringify({
    runs: [
      {
        tool: { driver: { name: 'scanner' } },
        results: scores.map((score) => ({ properties: { 'security-severity': score } })),
      },
    ],
  })

for (const kind of testDatabaseKinds) describe(`attached reports on ${kind}`, () => testReports(kind))

function testReports(kind: DatabaseKind): void {
  let test: TestRegistry
  before(async () => {
    test = await openTestRegistry(kind, { softDelete: 'enabled' })
  })
  after(() => test.dispose())

  const artifactOf = (text: string, artifactType: string) => ({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    artifactType,
    config: descriptorOf(emptyConfig, 'application/vnd.oci.empty.v1+json'),
    layers: [descriptorOf(text, artifactType)],
  })
  const attach = async (repository: string, subject: string, text: string, artifactType = sarifType) => {
    test.clock.nowMs += 1000
    await test.pushBlob(repository, emptyConfig)
    await test.pushBlob(repository, text)
    const image = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: subject, size: 1 }
    const manifest = JSON.stringify({ ...artifactOf(text, artifactType), subject: image })
    const put = await test.putManifest(repository, digestOf(manifest), manifest)
    assert.equal(put.status, 201, put.text)
    return digestOf(manifest)
  }
  const push = async (repository: string, tag: string, layer = 'layer') => {
    test.clock.nowMs += 1000
    return test.pushImage(repository, tag, layer)
  }
  const list = async (repository: string, digest: string, query = '') => {
    const path = `/acr/v1/${encodeURIComponent(repository)}/_manifests/${digest}/_reports${query}`
    const answer = await test.send('GET', path)
    return { ...answer, reports: (answer.json.reports ?? []) as readonly Report[] }
  }
  const imagesOf = async (repository: string, query = '') => {
    const answer = await test.send('GET', `/acr/v1/${encodeURIComponent(repository)}/_images${query}`)
    return answer.json.images as readonly { readonly digest: string; readonly vulnerabilities?: unknown }[]
  }
  const summaryOf = async (repository: string, digest: string) =>
    (await imagesOf(repository)).find((image) => image.digest === digest)?.vulnerabilities
  const rows = () => test.database.tables<RegistryTables>().selectFrom('attached_report')

  it('a pushed report waits, is read, and gives its image and its repository a summary', async () => {
    const image = await push('r/app', 'v1')
    const report = await test.as('alice', () => attach('r/app', image, sarif('9.8', '7', '4', '3.9', 'x')))
    const [waiting] = (await list('r/app', image)).reports
    assert.deepEqual([waiting?.digest, waiting?.kind, waiting?.state], [report, 'vulnerabilities', 'waiting'])
    await test.registry.readReports()
    const summary = {
      critical: 1,
      high: 1,
      medium: 1,
      low: 1,
      unknown: 1,
      scanner: 'scanner',
      time: new Date(test.clock.nowMs).toISOString().replace('.000', ''),
      by: actorNamed('alice'),
    }
    const { json, reports } = await list('r/app', image)
    assert.deepEqual([json.registry, json.imageName, json.digest], ['first.example', 'r/app', image])
    assert.partialDeepStrictEqual(reports, [{ digest: report, state: 'read', counts: true, summary }])
    assert.deepEqual(await summaryOf('r/app', image), summary)
    const { json: catalog } = await test.send('GET', '/acr/v1/_repositories?filter=r/app')
    const [repository] = catalog.repositories as readonly { readonly vulnerabilities: unknown }[]
    assert.deepEqual(repository?.vulnerabilities, summary)
  })

  it('the newest report summarizes its image, and the previous one does after its deletion', async () => {
    const image = await push('r/newest', 'v1')
    const first = await attach('r/newest', image, sarif('9'))
    const second = await attach('r/newest', image, sarif('7'))
    await test.registry.readReports()
    assert.partialDeepStrictEqual(await summaryOf('r/newest', image), { critical: 0, high: 1 })
    assert.deepEqual(
      (await list('r/newest', image)).reports.map(({ digest }) => digest),
      [second, first],
    )
    await test.send('DELETE', `/v2/r/newest/manifests/${second}`)
    assert.partialDeepStrictEqual(await summaryOf('r/newest', image), { critical: 1, high: 0 })
    const restored = await test.send('POST', `/acr/v1/_deleted/r%2Fnewest/_manifests/${second}`)
    assert.equal(restored.status, 200, restored.text)
    assert.partialDeepStrictEqual(await summaryOf('r/newest', image), { critical: 0, high: 1 })
    for (const digest of [first, second]) await test.send('DELETE', `/v2/r/newest/manifests/${digest}`)
    assert.equal(await summaryOf('r/newest', image), undefined)
    await test.send('DELETE', `/v2/r/newest/manifests/${image}`)
    assert.equal((await list('r/newest', image)).status, 404)
  })

  it('a malformed report has a reason and no summary, and the server reads the next one', async () => {
    const image = await push('r/bad', 'v1')
    const bad = await attach('r/bad', image, '{"runs":[')
    const large = await attach('r/bad', image, sarif('1') + ' '.repeat(10 * 1024 * 1024))
    const good = await attach('r/bad', image, sarif('4'))
    const other = await attach('r/bad', image, 'no report', 'application/vnd.example.thing+json')
    await test.registry.readReports()
    const found = new Map((await list('r/bad', image)).reports.map((report) => [report.digest, report]))
    assert.match(found.get(bad)?.reason ?? '', /^The report is not JSON/)
    assert.equal(found.get(large)?.reason, 'The report is larger than 10 MiB.')
    assert.deepEqual([found.get(good)?.state, found.get(bad)?.state], ['read', 'unreadable'])
    assert.equal(found.has(other), false, 'it does not claim to be a report')
    assert.partialDeepStrictEqual(await summaryOf('r/bad', image), { medium: 1 })
  })

  it('a large report is read on another thread, and one with too many values is unreadable', async () => {
    const image = await push('r/large', 'v1')
    await attach('r/large', image, sarif(...Array.from({ length: 5000 }, () => '9')))
    const dense = await attach('r/large', image, `{"runs":[${'0,'.repeat(600_000)}0]}`)
    await test.registry.readReports()
    assert.partialDeepStrictEqual(await summaryOf('r/large', image), { critical: 5000 })
    const { reports } = await list('r/large', image)
    assert.match(reports.find(({ digest }) => digest === dense)?.reason ?? '', /500,000 values/)
  })

  it('a bill of materials has its number of packages', async () => {
    const image = await push('r/sbom', 'v1')
    const text = JSON.stringify({ bomFormat: 'CycloneDX', components: [{}, {}] })
    await attach('r/sbom', image, text, 'application/vnd.cyclonedx+json')
    await test.registry.readReports()
    assert.partialDeepStrictEqual((await list('r/sbom', image)).reports, [{ kind: 'sbom', packages: 2 }])
    assert.equal(await summaryOf('r/sbom', image), undefined)
  })

  it('an attestation under the tag of an image is a report until the tag is moved or deleted', async () => {
    const image = await push('r/tag', 'v1')
    const tag = `${image.replace(':', '-')}.att`
    const attest = async (score: string) => {
      test.clock.nowMs += 1000
      const statement = {
        predicateType: 'https://cosign.sigstore.dev/attestation/vuln/v1',
        subject: [{ digest: { sha256: image.slice('sha256:'.length) } }],
        predicate: { scanner: { uri: 'u', result: JSON.parse(sarif(score)) as object } },
      }
      const payload = Buffer.from(JSON.stringify(statement)).toString('base64')
      const text = JSON.stringify({ payloadType: 'application/vnd.in-toto+json', payload, signatures: [] })
      await test.pushBlob('r/tag', emptyConfig)
      await test.pushBlob('r/tag', text)
      const put = await test.putManifest('r/tag', tag, artifactOf(text, 'application/vnd.dsse.envelope.v1+json'))
      assert.equal(put.status, 201, put.text)
      await test.registry.readReports()
    }
    await attest('9')
    assert.partialDeepStrictEqual(await summaryOf('r/tag', image), { critical: 1 })
    await attest('7')
    assert.partialDeepStrictEqual(await summaryOf('r/tag', image), { critical: 0, high: 1 })
    const { reports } = await list('r/tag', image)
    assert.partialDeepStrictEqual(reports, [{ kind: 'vulnerabilities', summary: { high: 1 } }])
    assert.equal(reports.length, 1)
    assert.deepEqual(
      (await imagesOf('r/tag')).map(({ digest }) => digest),
      [image],
      'an earlier attestation is no image',
    )
    await test.send('DELETE', `/acr/v1/r%2Ftag/_tags/${tag}`)
    assert.equal(await summaryOf('r/tag', image), undefined)
  })

  it('images can be filtered by critical vulnerabilities', async () => {
    const bad = await push('r/filter', 'bad', 'bad')
    const good = await push('r/filter', 'good', 'good')
    await attach('r/filter', bad, sarif('9'))
    await attach('r/filter', good, sarif('8'))
    await test.registry.readReports()
    assert.deepEqual(
      (await imagesOf('r/filter', '?critical=true')).map(({ digest }) => digest),
      [bad],
    )
  })

  it('a caller has a limited number of reports that wait, and a later push is read', async () => {
    const image = await push('r/many', 'v1')
    const template = await attach('r/many', image, sarif('1'))
    const row = await rows().selectAll().where('digest', '=', template).executeTakeFirstOrThrow()
    const others = Array.from({ length: maxWaiting - 1 }, (_, n) => ({ ...row, digest: digestOf(`other ${n}`) }))
    await test.database.transaction((transaction) =>
      transaction.tables<RegistryTables>().insertInto('attached_report').values(others).execute(),
    )
    const late = await attach('r/many', image, sarif('2'))
    const stateOf = async (digest: string) => (await list('r/many', image)).reports.find((one) => one.digest === digest)
    assert.match((await stateOf(late))?.reason ?? '', /^Too many reports/)
    await test.database.transaction((transaction) =>
      transaction
        .tables<RegistryTables>()
        .deleteFrom('attached_report')
        .where(
          'digest',
          'in',
          others.map(({ digest }) => digest),
        )
        .execute(),
    )
    await attach('r/many', image, sarif('2'))
    await test.registry.readReports()
    assert.equal((await stateOf(late))?.state, 'read')
  })

  it('a page has a link to the next page', async () => {
    const image = await push('r/pages', 'v1')
    const digests: string[] = []
    for (const score of ['1', '2', '3']) digests.unshift(await attach('r/pages', image, sarif(score)))
    const first = await list('r/pages', image, '?n=2')
    const next = /^<([^>]+)>; rel="next"$/.exec(String(first.headers.link))?.[1] ?? ''
    const second = await test.send('GET', next)
    const reports = [...first.reports, ...(second.json.reports as readonly Report[])]
    assert.deepEqual(
      reports.map(({ digest }) => digest),
      digests,
    )
    assert.equal(second.headers.link, undefined)
  })

  it('nothing is left of the reports of a deleted repository', async () => {
    const image = await push('r/gone', 'v1')
    await attach('r/gone', image, sarif('9'))
    const { repository_id } = await rows()
      .innerJoin('repository', 'repository.id', 'attached_report.repository_id')
      .select('repository_id')
      .where('repository.name', '=', 'r/gone')
      .executeTakeFirstOrThrow()
    await test.send('DELETE', '/acr/v1/r%2Fgone')
    assert.deepEqual(await rows().select('digest').where('repository_id', '=', repository_id).execute(), [])
  })
}

for (const kind of testDatabaseKinds) {
  it(`only reports of the named principals count, also after the setting has changed, on ${kind}`, async (t) => {
    const test = await openTestRegistry(kind, { reportsCountFrom: ['ci'] })
    t.after(() => test.dispose())
    const image = await test.pushImage('r/app', 'v1')
    const push = async (key: string, text: string) => {
      test.gate.callerKey = key
      test.clock.nowMs += 1000
      for (const blob of [emptyConfig, text]) await test.pushBlob('r/app', blob)
      const manifest = JSON.stringify({
        schemaVersion: 2,
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        artifactType: sarifType,
        config: descriptorOf(emptyConfig, 'application/vnd.oci.empty.v1+json'),
        layers: [descriptorOf(text, sarifType)],
        subject: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: image, size: 1 },
      })
      await test.putManifest('r/app', digestOf(manifest), manifest)
    }
    const vulnerabilities = async () => {
      const { json } = await test.send('GET', '/acr/v1/r%2Fapp/_images')
      return (json.images as readonly { readonly vulnerabilities?: unknown }[])[0]?.vulnerabilities
    }
    await push('ci', sarif('9'))
    await push('mallory', sarif('1'))
    await test.registry.readReports()
    assert.partialDeepStrictEqual(await vulnerabilities(), { critical: 1, low: 0, by: actorNamed('ci') })
    await recountReports(test.database, [])
    assert.partialDeepStrictEqual(await vulnerabilities(), { critical: 0, low: 1, by: actorNamed('mallory') })
    await recountReports(test.database, ['nobody'])
    assert.equal(await vulnerabilities(), undefined)
  })
}
