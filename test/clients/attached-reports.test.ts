import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { mustRun, requireClient } from '../harness/clients.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import { accessToken, get, pushImage } from '../harness/registry.ts'
import { until } from '../harness/until.ts'
import { loggedIn } from './lib/steps.ts'
import { startUnderTest } from './lib/under-test.ts'

const under = await startUnderTest()
const { host, server } = under
after(() => under[Symbol.asyncDispose]())

const program = under.logins['a service principal']

async function bearer(repository: string): Promise<string> {
  return `Bearer ${await accessToken(server, program, [`repository:${repository}:pull,push,metadata_read`])}`
}

/** The reports of an image, after the server has read all of them. */
async function readReports(repository: string, digest: string, count: number): Promise<readonly unknown[]> {
  const path = `/acr/v1/${encodeURIComponent(repository)}/_manifests/${digest}/_reports`
  let reports: readonly unknown[] = []
  await until(`the server has read the reports of ${repository}`, async () => {
    const answer = await get(server, path, await bearer(repository))
    assert.equal(answer.status, 200, answer.text())
    reports = listAt(answer.json(), 'reports')
    return reports.length === count && !reports.some((report) => at(report, 'state') === 'waiting')
  })
  return reports
}

async function vulnerabilitiesOf(repository: string): Promise<unknown> {
  const answer = await get(server, `/acr/v1/${encodeURIComponent(repository)}/_images`, await bearer(repository))
  return at(listAt(answer.json(), 'images')[0], 'vulnerabilities')
}

const sarif = {
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'scanner',
          version: '1.2',
          rules: [
            { id: 'CVE-2026-1', properties: { 'security-severity': '9.8' } },
            { id: 'CVE-2026-2', properties: { 'security-severity': '5.0' } },
          ],
        },
      },
      results: ['CVE-2026-1', 'CVE-2026-2'].map((ruleId) => ({ ruleId, message: { text: ruleId } })),
    },
  ],
}

test('oras attaches reports, and the image shows its vulnerabilities and who pushed the report', async (t) => {
  if (!requireClient(t, 'oras')) return
  const tls = ['--plain-http=false']
  using home = await loggedIn('oras', under, program, tls)
  const repository = 'clients/scanned'
  const { digest } = await pushImage(server, repository, '1', await bearer(repository))
  const attach = async (file: string, type: string, text: string) => {
    writeFileSync(join(home.path, file), text)
    const args = ['attach', '--artifact-type', type, `${host}/${repository}:1`, `${file}:${type}`, ...tls]
    await mustRun('oras', args, { env: home.env, cwd: home.path })
  }
  await attach('scan.sarif', 'application/sarif+json', JSON.stringify(sarif))
  await attach(
    'packages.json',
    'application/spdx+json',
    JSON.stringify({ spdxVersion: 'SPDX-2.3', packages: [{}, {}] }),
  )
  await attach('broken.sarif', 'application/sarif+json', '{"runs":')
  const reports = await readReports(repository, digest, 3)
  const found = reports.map((report) => `${stringAt(report, 'kind')} ${stringAt(report, 'state')}`)
  assert.deepEqual(new Set(found), new Set(['sbom read', 'vulnerabilities read', 'vulnerabilities unreadable']))
  assert.deepEqual(
    reports.flatMap((report) => at(report, 'packages') ?? []),
    [2],
  )
  const vulnerabilities = await vulnerabilitiesOf(repository)
  assert.partialDeepStrictEqual(vulnerabilities, { critical: 1, high: 0, medium: 1, scanner: 'scanner 1.2' })
  assert.equal(stringAt(vulnerabilities, 'by', 'kind'), 'servicePrincipal')
})

test('cosign attests a scan by a tag and by a bundle, and the image shows its vulnerabilities', async (t) => {
  if (!requireClient(t, 'cosign')) return
  using home = await loggedIn('cosign', under, program)
  const options = { env: { ...home.env, COSIGN_PASSWORD: 'only for this test' }, cwd: home.path }
  await mustRun('cosign', ['generate-key-pair'], options)
  const predicate = {
    invocation: { uri: '', event_id: '', 'builder.id': '' },
    scanner: { uri: 'pkg:github/example/scanner', version: '1', db: { uri: '', version: '' }, result: sarif },
    metadata: { scanStartedOn: '2026-01-01T00:00:00Z', scanFinishedOn: '2026-01-01T00:00:00Z' },
  }
  writeFileSync(join(home.path, 'scan.json'), JSON.stringify(predicate))
  writeFileSync(
    join(home.path, 'bom.json'),
    JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', components: [{}] }),
  )
  const attest = (name: string, type: string, file: string, ...more: string[]) => {
    const args = ['--key', 'cosign.key', '--tlog-upload=false', '--yes', '--type', type, '--predicate', file]
    return mustRun('cosign', ['attest', ...args, ...more, name], options)
  }
  const forms: readonly [repository: string, more: readonly string[], attached: number][] = [
    ['clients/attested-by-tag', [], 1],
    ['clients/attested-by-bundle', ['--new-bundle-format'], 2],
  ]
  for (const [repository, more, attached] of forms) {
    const { digest } = await pushImage(server, repository, '1', await bearer(repository))
    const name = `${host}/${repository}@${digest}`
    await attest(name, 'vuln', 'scan.json', ...more)
    await attest(name, 'cyclonedx', 'bom.json', ...more)
    const reports = await readReports(repository, digest, attached)
    const packages = reports.map((report) => at(report, 'packages')).filter((count) => count !== undefined)
    assert.deepEqual(packages, [1], repository)
    assert.partialDeepStrictEqual(await vulnerabilitiesOf(repository), { critical: 1, medium: 1 }, repository)
  }
})
