import { cutText } from '../standards/http/cut-text.ts'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../standards/http/bounded-json.ts'

/** The severities by which vulnerabilities are counted. */
export type Severity = 'critical' | 'high' | 'medium' | 'low' | 'unknown'

/** How many vulnerabilities there are of each severity, and for how many a fixed version is known, if the report says so. */
export type SeverityCounts = Readonly<Record<Severity, number>> & { readonly fixable: number | null }

/** What an attached report contains: vulnerabilities, packages, a statement about the build, or a signature. */
export type Findings = {
  readonly kind: 'vulnerabilities' | 'sbom' | 'provenance' | 'signature'
  readonly counts: SeverityCounts | undefined
  /** The number of packages; undefined if the report lists none. */
  readonly packages: number | undefined
  /** The program that wrote the report. */
  readonly scanner: string | undefined
}

/** A package of a report. */
export type ListedPackage = { readonly name: string; readonly version: string | undefined }

/** What an attached report contains, with each vulnerability and each package. */
export type ReportContent = Findings & {
  readonly vulnerabilities: readonly Vulnerability[]
  readonly packageList: readonly ListedPackage[]
}

/** A report is malformed. The message is shown to people. */
export class UnreadableReportError extends Error {
  override readonly name = 'UnreadableReportError'
}

/** A vulnerability of a report, as far as the report describes the vulnerability. */
export type Vulnerability = {
  readonly severity: Severity
  readonly isFixable?: boolean
  /** Such as `CVE-2026-1`. */
  readonly id: string | undefined
  readonly package: string | undefined
  readonly version: string | undefined
  /** The versions that do not have the vulnerability. */
  readonly fixedVersion: string | undefined
}

/** Counts vulnerabilities. Without any statement about fixes, it is not known how many have one. */
export function countSeverities(
  vulnerabilities: readonly Pick<Vulnerability, 'severity' | 'isFixable'>[],
): SeverityCounts {
  const counts = { critical: 0, high: 0, medium: 0, low: 0, unknown: 0 }
  let fixable: number | null = null
  for (const { severity, isFixable } of vulnerabilities) {
    counts[severity] += 1
    if (isFixable !== undefined) fixable = (fixable ?? 0) + (isFixable ? 1 : 0)
  }
  return { ...counts, fixable }
}

/** The severity of a score of CVSS; a missing score and 0 are unknown. [CVSS 3.1 §5] */
export function severityOfScore(score: JsonValue | undefined): Severity {
  const value = typeof score === 'string' ? Number.parseFloat(score) : score
  if (typeof value !== 'number' || !(value > 0)) return 'unknown'
  if (value >= 9) return 'critical'
  if (value >= 7) return 'high'
  return value >= 4 ? 'medium' : 'low'
}

const severityNames: Readonly<Record<string, Severity>> = {
  critical: 'critical',
  high: 'high',
  important: 'high',
  medium: 'medium',
  moderate: 'medium',
  low: 'low',
  negligible: 'low',
  info: 'low',
}

/** The severity of a name that a scanner uses. */
export function severityOfName(name: JsonValue | undefined): Severity {
  const lower = typeof name === 'string' ? name.toLowerCase() : ''
  return (Object.hasOwn(severityNames, lower) && severityNames[lower]) || 'unknown'
}

/** The objects of a list; nothing for any other value. */
export function objectsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

/** The object at a path of members. */
export function objectAt(object: JsonObject, ...path: readonly string[]): JsonObject {
  let found: JsonObject = object
  for (const name of path) {
    const value = ownValue(found, name)
    if (!isJsonObject(value)) return {}
    found = value
  }
  return found
}

/** A text member of an object. */
export function textOf(object: JsonObject, name: string): string | undefined {
  const value = ownValue(object, name)
  return typeof value === 'string' && value !== '' ? value : undefined
}

const maxShortLength = 300

/** A text member of an object that is shown in a list, at most 300 characters of it. */
export function shortTextOf(object: JsonObject, name: string): string | undefined {
  const text = textOf(object, name)
  return text && cutText(text, maxShortLength, '…')
}

/** A program with its version. */
export function programName(name: string | undefined, version?: string): string | undefined {
  return name === undefined || version === undefined ? name : `${name} ${version}`
}
