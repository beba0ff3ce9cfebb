import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Findings } from './findings.ts'
import { UnreadableReportError } from './findings.ts'
import { joinReports, readReport } from './read-report.ts'

const hex = 'a'.repeat(64)
const subject = `sha256:${hex}`
const none = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0, fixable: null }

const read = (document: unknown) => readReport(Buffer.from(JSON.stringify(document)), subject)

const sarif = {
  version: '2.1.0',
  runs: [
    {
      tool: {
        driver: {
          name: 'Trivy',
          version: '0.57',
          rules: [
            { id: 'CVE-1', properties: { 'security-severity': '9.8' } },
            { id: 'CVE-2', properties: { 'security-severity': 7 } },
            { id: 'CVE-3', properties: { 'security-severity': '6.9' } },
            { id: 'CVE-4' },
          ],
        },
        extensions: [{ rules: [{ id: 'EXT-1', properties: { 'security-severity': '4.0' } }] }],
      },
      results: [
        { ruleId: 'CVE-1' },
        { ruleIndex: 1 },
        { rule: { id: 'CVE-3' } },
        { ruleId: 'CVE-4' },
        { ruleId: 'EXT-1' },
        { ruleId: 'CVE-1', properties: { 'security-severity': '0.1' } },
        { ruleId: 'CVE-1', suppressions: [{ kind: 'external' }] },
        { ruleId: 'CVE-1', kind: 'pass' },
        { ruleId: 'CVE-1', baselineState: 'absent' },
      ],
    },
  ],
}
const sarifCounts = { ...none, critical: 1, high: 1, medium: 2, low: 1, unknown: 1 }

const trivy = {
  SchemaVersion: 2,
  ArtifactName: 'app',
  Results: [
    { Vulnerabilities: [{ Severity: 'CRITICAL', FixedVersion: '1.2' }, { Severity: 'UNKNOWN' }] },
    { Vulnerabilities: null },
  ],
}
const trivyCounts = { ...none, critical: 1, unknown: 1, fixable: 1 }

const spdx = {
  spdxVersion: 'SPDX-2.3',
  creationInfo: { creators: ['Organization: x', 'Tool: syft-1.17'] },
  packages: [{}, {}],
}

const statement = (predicateType: string, predicate: unknown) => ({
  _type: 'https://in-toto.io/Statement/v0.1',
  predicateType,
  subject: [{ name: 'app', digest: { sha256: hex } }],
  predicate,
})
const envelope = (payload: unknown) => ({
  payloadType: 'application/vnd.in-toto+json',
  payload: Buffer.from(JSON.stringify(payload)).toString('base64'),
  signatures: [],
})
const vuln = 'https://cosign.sigstore.dev/attestation/vuln/v1'

const cases: readonly [why: string, document: unknown, findings: Partial<Findings> | undefined][] = [
  [
    'SARIF counts by the score of the result or its rule',
    sarif,
    { kind: 'vulnerabilities', counts: sarifCounts, scanner: 'Trivy 0.57' },
  ],
  [
    'SARIF without results found nothing',
    { runs: [{ tool: { driver: { name: 'x' } } }] },
    { counts: none, scanner: 'x' },
  ],
  [
    'CycloneDX counts the highest rating of each vulnerability that is open',
    {
      bomFormat: 'CycloneDX',
      metadata: { tools: { components: [{ name: 'trivy', version: '1' }] } },
      components: [{ components: [{}] }, {}],
      vulnerabilities: [
        { ratings: [{ severity: 'low' }, { severity: 'critical' }] },
        { ratings: [{ score: 7.5 }] },
        { ratings: [{ severity: 'high' }], analysis: { state: 'not_affected' } },
        {},
      ],
    },
    { kind: 'vulnerabilities', counts: { ...none, critical: 1, high: 1, unknown: 1 }, packages: 3, scanner: 'trivy 1' },
  ],
  [
    'CycloneDX with components and an empty list of vulnerabilities is a bill of materials',
    { bomFormat: 'CycloneDX', metadata: { tools: [{ name: 'syft' }] }, components: [{}], vulnerabilities: [] },
    { kind: 'sbom', counts: undefined, packages: 1, scanner: 'syft' },
  ],
  [
    'CycloneDX without components reports no vulnerability',
    { bomFormat: 'CycloneDX', vulnerabilities: [] },
    { kind: 'vulnerabilities', counts: none },
  ],
  ['SPDX 2 lists packages', spdx, { kind: 'sbom', packages: 2, scanner: 'syft-1.17', counts: undefined }],
  [
    'SPDX 3 lists packages among other elements',
    {
      '@context': 'https://spdx.org/rdf/3.0.1/spdx-context.jsonld',
      '@graph': [{ type: 'software_Package' }, { type: 'Person' }],
    },
    { kind: 'sbom', packages: 1 },
  ],
  ['a report of Trivy counts fixed versions', trivy, { counts: trivyCounts, scanner: 'Trivy' }],
  [
    'a report of Grype counts fixed versions',
    {
      matches: [
        { vulnerability: { severity: 'Negligible', fix: { state: 'fixed' } } },
        { vulnerability: { severity: 'Medium', fix: { state: 'not-fixed' } } },
      ],
      descriptor: { version: '0.8' },
    },
    { counts: { ...none, low: 1, medium: 1, fixable: 1 }, scanner: 'Grype 0.8' },
  ],
  [
    'an attestation of a scan has the result of the scanner',
    envelope(statement(vuln, { scanner: { uri: 'pkg:trivy', result: trivy } })),
    { counts: trivyCounts, scanner: 'Trivy' },
  ],
  [
    'a Sigstore bundle has an envelope',
    { mediaType: 'x', dsseEnvelope: envelope(statement(vuln, { scanner: { uri: 'u', result: sarif } })) },
    { counts: sarifCounts },
  ],
  [
    'the predicate of in-toto has scores by method',
    statement('https://in-toto.io/attestation/vulns/v0.1', {
      scanner: {
        uri: 'u',
        result: [
          { id: 'CVE-1', severity: [{ method: 'nvd', score: '9.1' }] },
          { id: 'CVE-2', severity: [{ method: 'x', score: 'LOW' }] },
        ],
      },
    }),
    { counts: { ...none, critical: 1, low: 1 }, scanner: 'u' },
  ],
  [
    'an attestation of SPDX lists packages',
    envelope(statement('https://spdx.dev/Document', spdx)),
    { kind: 'sbom', packages: 2 },
  ],
  [
    'a predicate may be text in a wrapper',
    envelope(
      statement('https://cyclonedx.org/bom', { Data: JSON.stringify({ bomFormat: 'CycloneDX', components: [{}] }) }),
    ),
    { kind: 'sbom', packages: 1 },
  ],
  [
    'a statement about the build is provenance',
    envelope(statement('https://slsa.dev/provenance/v1', {})),
    { kind: 'provenance', counts: undefined },
  ],
  [
    'a statement of another type is provenance',
    statement('https://example.com/review/v1', { ok: true }),
    { kind: 'provenance' },
  ],
  ['a signature is no report', { messageSignature: {} }, { kind: 'signature' }],
  ['another document is no report', { hello: 'world' }, undefined],
]

describe('an attached report', () => {
  for (const [why, document, findings] of cases) {
    it(why, () => {
      const found = read(document)
      if (findings === undefined) assert.equal(found, undefined)
      else assert.partialDeepStrictEqual(found, findings)
    })
  }

  it('names each vulnerability with its package, as far as the format has them', () => {
    const one = { id: 'CVE-1', package: 'openssl', version: '3.5.1', fixedVersion: '3.5.3' }
    const message = 'Package: openssl\nInstalled Version: 3.5.1\nVulnerability CVE-1\nFixed Version: 3.5.3\nLink: x'
    const named: readonly [document: unknown, vulnerability: unknown][] = [
      [{ runs: [{ results: [{ ruleId: 'CVE-1', message: { text: message } }] }] }, one],
      [
        {
          ...trivy,
          Results: [
            {
              Vulnerabilities: [
                { VulnerabilityID: 'CVE-1', PkgName: 'openssl', InstalledVersion: '3.5.1', FixedVersion: '3.5.3' },
              ],
            },
          ],
        },
        one,
      ],
      [
        {
          matches: [
            {
              vulnerability: { id: 'CVE-1', fix: { versions: ['3.5.3'] } },
              artifact: { name: 'openssl', version: '3.5.1' },
            },
          ],
        },
        one,
      ],
      [
        {
          bomFormat: 'CycloneDX',
          components: [{ components: [{ 'bom-ref': 'r', name: 'openssl', version: '3.5.1' }] }],
          vulnerabilities: [{ id: 'CVE-1', affects: [{ ref: 'r' }] }],
        },
        { ...one, fixedVersion: undefined },
      ],
    ]
    for (const [document, vulnerability] of named) {
      assert.partialDeepStrictEqual(read(document)?.vulnerabilities, [vulnerability])
    }
  })

  it('names each package with its version', () => {
    const listed: readonly [document: unknown, names: readonly unknown[]][] = [
      [
        { bomFormat: 'CycloneDX', components: [{ group: '@a', name: 'b', version: '1', components: [{ name: 'c' }] }] },
        [
          { name: '@a/b', version: '1' },
          { name: 'c', version: undefined },
        ],
      ],
      [{ spdxVersion: 'SPDX-2.3', packages: [{ name: 'a', versionInfo: '1' }] }, [{ name: 'a', version: '1' }]],
    ]
    for (const [document, names] of listed) assert.deepEqual(read(document)?.packageList, names)
  })

  it('of several files has the last report, and the packages of the bill of materials', () => {
    const contents = [spdx, sarif, trivy].flatMap((document) => read(document) ?? [])
    const { kind, counts, packages } = joinReports(contents) ?? {}
    assert.deepEqual([kind, counts, packages], ['vulnerabilities', trivyCounts, 2])
    assert.equal(joinReports([]), undefined)
  })

  const unreadable: readonly [why: string, text: string, reason: RegExp][] = [
    ['an empty file', '', /not JSON/],
    ['a file that ends early', '{"runs":[', /not JSON/],
    ['a file with too many levels', `${'['.repeat(200)}${']'.repeat(200)}`, /100 levels/],
    ['a list', '[]', /not a JSON object/],
    ['duplicate names', '{"runs":[],"runs":[]}', /not JSON/],
    [
      'an attestation of another image',
      JSON.stringify(envelope({ ...statement(vuln, {}), subject: [{ digest: { sha256: 'b'.repeat(64) } }] })),
      /does not name the digest/,
    ],
    [
      'an envelope without a statement',
      JSON.stringify({ payloadType: 'application/vnd.in-toto+json', payload: '!!' }),
      /not JSON/,
    ],
    [
      'a scan without a known result',
      JSON.stringify(statement(vuln, { scanner: { result: { x: 1 } } })),
      /unknown format/,
    ],
  ]
  for (const [why, text, reason] of unreadable) {
    it(`is unreadable: ${why}`, () => {
      assert.throws(
        () => readReport(Buffer.from(text), subject),
        (error: unknown) => error instanceof UnreadableReportError && reason.test(error.message),
      )
    })
  }

  it('has numbers of vulnerabilities that are not negative, or is unreadable, whatever it contains', () => {
    const roots = cases.map(([, document]) => document)
    const junk = fc.anything({ withNullPrototype: false, maxDepth: 3 })
    const spoilt = fc
      .tuple(fc.constantFrom(...roots), fc.nat(), junk)
      .map(([root, at, value]) => spoil(root, at, value))
    fc.assert(
      fc.property(spoilt, fc.nat(40), (document, cut) => {
        const text = JSON.stringify(document) ?? ''
        for (const bytes of [Buffer.from(text), Buffer.from(text.slice(0, Math.max(0, text.length - cut)))]) {
          try {
            const counts = Object.values(readReport(bytes, subject)?.counts ?? {})
            assert.ok(counts.every((count) => count === null || (Number.isSafeInteger(count) && count >= 0)))
          } catch (error) {
            if (!(error instanceof UnreadableReportError)) throw error
          }
        }
      }),
      { numRuns: 2000 },
    )
  })
})

/** Replaces one of the values of a document. */
function spoil(root: unknown, at: number, value: unknown): unknown {
  const paths: (readonly string[])[] = []
  const visit = (node: unknown, path: readonly string[]) => {
    if (path.length > 0) paths.push(path)
    if (typeof node === 'object' && node !== null) {
      for (const [key, child] of Object.entries(node)) visit(child, [...path, key])
    }
  }
  visit(root, [])
  const path = paths[at % paths.length] ?? []
  const copy: unknown = structuredClone(root)
  let node = copy as Record<string, unknown>
  for (const key of path.slice(0, -1)) node = node[key] as Record<string, unknown>
  const last = path.at(-1)
  if (last !== undefined) node[last] = typeof value === 'bigint' ? null : jsonOnly(value)
  return copy
}

function jsonOnly(value: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? null : one)) ?? 'null')
  } catch {
    return null
  }
}
