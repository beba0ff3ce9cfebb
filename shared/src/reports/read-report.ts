import { cutText } from '../standards/http/cut-text.ts'
import { plainLine } from '../standards/http/plain-text.ts'
import {
  isJsonObject,
  type JsonObject,
  type JsonValue,
  ownValue,
  parseBoundedJson,
} from '../standards/http/bounded-json.ts'
import { type Findings, type ReportContent, objectAt, objectsOf, textOf, UnreadableReportError } from './findings.ts'
import { readCycloneDx, readSpdx } from './read-sbom.ts'
import { readSarif } from './read-sarif.ts'
import { readGrype, readScanResult, readTrivy } from './read-scan.ts'

const maxDepth = 100
/** A dense scan reaches this before 10 MiB: a result of 250 bytes has about 13 values. */
const maxValues = 500_000
const maxScannerLength = 100

/**
 * Reads a report: SARIF, CycloneDX, SPDX, the own reports of Trivy and Grype, and an in-toto statement with one of these, alone, in
 * an envelope, or in a Sigstore bundle. Undefined for a document of another format.
 *
 * @param subject the digest that the report is attached to
 * @throws UnreadableReportError
 */
export function readReport(bytes: Uint8Array, subject: string): ReportContent | undefined {
  const found = readDocument(requireJson(bytes), subject)
  const { scanner } = found ?? {}
  return found && { ...found, scanner: scanner && cutText(plainLine(scanner), maxScannerLength) }
}

function requireJson(bytes: Uint8Array): JsonObject {
  const document = parseBoundedJson(bytes, maxDepth, maxValues)
  if (document === undefined) {
    throw new UnreadableReportError(
      `The report is not JSON, or has more than ${maxDepth} levels or ${maxValues.toLocaleString('en')} values.`,
    )
  }
  if (!isJsonObject(document)) throw new UnreadableReportError('The report is not a JSON object.')
  return document
}

function readDocument(document: JsonObject, subject: string): ReportContent | undefined {
  const envelope = envelopeOf(document)
  if (envelope !== undefined) return readEnvelope(envelope, subject)
  const predicateType = textOf(document, 'predicateType')
  if (predicateType !== undefined) return readStatement(document, predicateType, subject)
  if (isJsonObject(ownValue(document, 'messageSignature'))) return noFindings('signature')
  return readPlain(document)
}

/** A report that is not in an envelope. */
function readPlain(document: JsonObject): ReportContent | undefined {
  if (Array.isArray(ownValue(document, 'runs'))) return readSarif(document)
  if (ownValue(document, 'bomFormat') === 'CycloneDX') return readCycloneDx(document)
  if (textOf(document, 'spdxVersion') !== undefined) return readSpdx(document)
  if (isSpdx3(document)) return readSpdx(document)
  if (ownValue(document, 'SchemaVersion') !== undefined && textOf(document, 'ArtifactName') !== undefined) {
    return readTrivy(document)
  }
  return Array.isArray(ownValue(document, 'matches')) ? readGrype(document) : undefined
}

function isSpdx3(document: JsonObject): boolean {
  return Array.isArray(ownValue(document, '@graph')) && (textOf(document, '@context') ?? '').includes('spdx.org')
}

/** A DSSE envelope, alone or in a Sigstore bundle. [DSSE 1.0; Sigstore bundle 0.3] */
function envelopeOf(document: JsonObject): JsonObject | undefined {
  const bundled = ownValue(document, 'dsseEnvelope')
  if (isJsonObject(bundled)) return bundled
  return textOf(document, 'payloadType') !== undefined && textOf(document, 'payload') !== undefined
    ? document
    : undefined
}

function readEnvelope(envelope: JsonObject, subject: string): ReportContent | undefined {
  if (textOf(envelope, 'payloadType') !== 'application/vnd.in-toto+json') return undefined
  const statement = requireJson(decodeBase64(textOf(envelope, 'payload') ?? ''))
  const predicateType = textOf(statement, 'predicateType')
  if (predicateType === undefined) throw new UnreadableReportError('The attestation has no predicate type.')
  return readStatement(statement, predicateType, subject)
}

/** Decodes Base64 of either alphabet; nothing for other text. [DSSE 1.0] */
function decodeBase64(text: string): Uint8Array {
  let binary = ''
  try {
    binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  } catch {
    // Not Base64: nothing is no JSON document.
  }
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}

/** An in-toto statement. [in-toto attestation 1.0; cosign, attestation predicates] */
function readStatement(statement: JsonObject, predicateType: string, subject: string): ReportContent | undefined {
  requireSubject(statement, subject)
  const predicate = withoutWrapper(ownValue(statement, 'predicate'))
  if (predicateType.startsWith('https://sigstore.dev/cosign/sign/')) return noFindings('signature')
  if (/^https:\/\/(?:slsa\.dev\/|in-toto\.io\/provenance)/.test(predicateType)) return noFindings('provenance')
  if (predicate === undefined) throw new UnreadableReportError('The predicate of the attestation is not JSON.')
  if (/\/vulns?(?:\/|$)/.test(predicateType)) return readScan(predicate)
  return readPlain(predicate) ?? noFindings('provenance')
}

/** cosign wraps a predicate that it does not know in `Data`, as text. */
function withoutWrapper(predicate: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonObject(predicate)) return undefined
  const data = ownValue(predicate, 'Data')
  if (data === undefined) return predicate
  if (isJsonObject(data)) return data
  const read =
    typeof data === 'string' ? parseBoundedJson(new TextEncoder().encode(data), maxDepth, maxValues) : undefined
  return isJsonObject(read) ? read : undefined
}

/** A scan, whose result is a report of the scanner or a list. [cosign, COSIGN_VULN_ATTESTATION_SPEC; in-toto, vulns predicate] */
function readScan(predicate: JsonObject): ReportContent {
  const scanner = objectAt(predicate, 'scanner')
  const result = ownValue(scanner, 'result')
  const uri = textOf(scanner, 'uri')
  const found = isJsonObject(result) ? readPlain(result) : Array.isArray(result) ? readScanResult(scanner) : undefined
  if (found === undefined) throw new UnreadableReportError('The result of the scanner has an unknown format.')
  return { ...found, scanner: found.scanner ?? uri }
}

/** @throws UnreadableReportError for a statement about something else */
function requireSubject(statement: JsonObject, digest: string): void {
  const [algorithm = '', hex = ''] = digest.split(':')
  const named = objectsOf(ownValue(statement, 'subject')).flatMap(
    (one) => textOf(objectAt(one, 'digest'), algorithm) ?? [],
  )
  if (!named.includes(hex)) throw new UnreadableReportError('The attestation does not name the digest of the image.')
}

function noFindings(kind: Findings['kind']): ReportContent {
  return { kind, counts: undefined, packages: undefined, scanner: undefined, vulnerabilities: [], packageList: [] }
}

const order: readonly Findings['kind'][] = ['vulnerabilities', 'sbom', 'provenance', 'signature']

/** What an artifact of several files contains: the last findings of its main kind, and the last list of packages. */
export function joinReports(found: readonly ReportContent[]): ReportContent | undefined {
  const kind = order.find((one) => found.some((content) => content.kind === one))
  const main = found.findLast((content) => content.kind === kind)
  if (main === undefined || main.packages !== undefined) return main
  const listing = found.findLast(({ packages }) => packages !== undefined)
  return listing === undefined ? main : { ...main, packages: listing.packages, packageList: listing.packageList }
}
