import { isJsonObject, type JsonObject, ownValue } from '@acrux/shared/standards/http/bounded-json.ts'
import {
  countSeverities,
  type Findings,
  objectAt,
  objectsOf,
  programName,
  type Severity,
  severityOfName,
  severityOfScore,
  textOf,
  type Vulnerability,
} from './findings.ts'

/**
 * Reads a CycloneDX document. Scanners write an empty list of vulnerabilities into a bill of materials too, so an empty list says
 * something only in a document without components. [CycloneDX 1.6]
 */
export function readCycloneDx(document: JsonObject): Findings {
  const listed = ownValue(document, 'vulnerabilities')
  const packages = countComponents(document)
  const vulnerabilities = objectsOf(listed)
  const isReport = Array.isArray(listed) && (vulnerabilities.length > 0 || packages === 0)
  return {
    kind: isReport ? 'vulnerabilities' : 'sbom',
    counts: isReport ? countSeverities(vulnerabilities.filter(isOpen).map(toVulnerability)) : undefined,
    packages: isReport && packages === 0 ? undefined : packages,
    scanner: toolOf(document),
  }
}

/** The components, also those inside of others. The parser bounds their depth. */
function countComponents(parent: JsonObject): number {
  const components = objectsOf(ownValue(parent, 'components'))
  return components.reduce((count, component) => count + countComponents(component), components.length)
}

const closedStates = new Set(['resolved', 'resolved_with_pedigree', 'false_positive', 'not_affected'])

function isOpen(vulnerability: JsonObject): boolean {
  return !closedStates.has(textOf(objectAt(vulnerability, 'analysis'), 'state') ?? '')
}

const bySeverity: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'unknown']

/** The highest of its ratings counts. */
function toVulnerability(vulnerability: JsonObject): Vulnerability {
  const ratings = objectsOf(ownValue(vulnerability, 'ratings')).map((rating) => {
    const named = severityOfName(ownValue(rating, 'severity'))
    return named === 'unknown' ? severityOfScore(ownValue(rating, 'score')) : named
  })
  return { severity: bySeverity.find((severity) => ratings.includes(severity)) ?? 'unknown' }
}

function toolOf(document: JsonObject): string | undefined {
  const metadata = objectAt(document, 'metadata')
  const tools = ownValue(metadata, 'tools')
  const [tool] = isJsonObject(tools) ? objectsOf(ownValue(tools, 'components')) : objectsOf(tools)
  return tool && programName(textOf(tool, 'name'), textOf(tool, 'version'))
}

/** Reads an SPDX document of version 2 or 3. [SPDX 2.3 §7; SPDX 3.0, Software/Package] */
export function readSpdx(document: JsonObject): Findings {
  const graph = objectsOf(ownValue(document, '@graph'))
  const packages =
    graph.length > 0
      ? graph.filter((element) => textOf(element, 'type') === 'software_Package').length
      : objectsOf(ownValue(document, 'packages')).length
  const creators = ownValue(objectAt(document, 'creationInfo'), 'creators')
  const tool = Array.isArray(creators)
    ? creators.find((creator) => typeof creator === 'string' && creator.startsWith('Tool: '))
    : undefined
  return {
    kind: 'sbom',
    counts: undefined,
    packages,
    scanner: typeof tool === 'string' ? tool.slice('Tool: '.length) : undefined,
  }
}
