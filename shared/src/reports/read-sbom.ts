import { isJsonObject, type JsonObject, ownValue } from '../standards/http/bounded-json.ts'
import {
  countSeverities,
  type ListedPackage,
  objectAt,
  objectsOf,
  programName,
  type ReportContent,
  type Severity,
  severityOfName,
  severityOfScore,
  shortTextOf,
  textOf,
  type Vulnerability,
} from './findings.ts'

/**
 * Reads a CycloneDX document. Scanners write an empty list of vulnerabilities into a bill of materials too, so an empty list says
 * something only in a document without components. [CycloneDX 1.6]
 */
export function readCycloneDx(document: JsonObject): ReportContent {
  const listed = ownValue(document, 'vulnerabilities')
  const components = componentsOf(document)
  const isReport = Array.isArray(listed) && (objectsOf(listed).length > 0 || components.length === 0)
  const byRef = new Map(components.map((component) => [ownValue(component, 'bom-ref'), component]))
  const vulnerabilities = objectsOf(listed)
    .filter(isOpen)
    .map((vulnerability) => toVulnerability(vulnerability, byRef))
  return {
    kind: isReport ? 'vulnerabilities' : 'sbom',
    counts: isReport ? countSeverities(vulnerabilities) : undefined,
    packages: isReport && components.length === 0 ? undefined : components.length,
    scanner: toolOf(document),
    vulnerabilities,
    packageList: components.map(toPackage),
  }
}

/** The components, also those inside of others. The parser bounds their depth. */
function componentsOf(parent: JsonObject): readonly JsonObject[] {
  return objectsOf(ownValue(parent, 'components')).flatMap((component) => [component, ...componentsOf(component)])
}

function toPackage(component: JsonObject): ListedPackage {
  const [group, name = ''] = [shortTextOf(component, 'group'), shortTextOf(component, 'name')]
  return { name: group === undefined ? name : `${group}/${name}`, version: shortTextOf(component, 'version') }
}

const closedStates = new Set(['resolved', 'resolved_with_pedigree', 'false_positive', 'not_affected'])

function isOpen(vulnerability: JsonObject): boolean {
  return !closedStates.has(textOf(objectAt(vulnerability, 'analysis'), 'state') ?? '')
}

const bySeverity: readonly Severity[] = ['critical', 'high', 'medium', 'low', 'unknown']

/** The highest of its ratings counts. It is in the first component that it affects. */
function toVulnerability(vulnerability: JsonObject, byRef: ReadonlyMap<unknown, JsonObject>): Vulnerability {
  const ratings = objectsOf(ownValue(vulnerability, 'ratings')).map((rating) => {
    const named = severityOfName(ownValue(rating, 'severity'))
    return named === 'unknown' ? severityOfScore(ownValue(rating, 'score')) : named
  })
  const [affected = {}] = objectsOf(ownValue(vulnerability, 'affects'))
  const found = byRef.get(ownValue(affected, 'ref'))
  return {
    severity: bySeverity.find((severity) => ratings.includes(severity)) ?? 'unknown',
    id: shortTextOf(vulnerability, 'id'),
    package: found && toPackage(found).name,
    version: found && toPackage(found).version,
    fixedVersion: undefined,
  }
}

function toolOf(document: JsonObject): string | undefined {
  const metadata = objectAt(document, 'metadata')
  const tools = ownValue(metadata, 'tools')
  const [tool] = isJsonObject(tools) ? objectsOf(ownValue(tools, 'components')) : objectsOf(tools)
  return tool && programName(textOf(tool, 'name'), textOf(tool, 'version'))
}

/** Reads an SPDX document of version 2 or 3. [SPDX 2.3 §7; SPDX 3.0, Software/Package] */
export function readSpdx(document: JsonObject): ReportContent {
  const graph = objectsOf(ownValue(document, '@graph'))
  const packages =
    graph.length > 0
      ? graph.filter((element) => textOf(element, 'type') === 'software_Package')
      : objectsOf(ownValue(document, 'packages'))
  const creators = ownValue(objectAt(document, 'creationInfo'), 'creators')
  const tool = Array.isArray(creators)
    ? creators.find((creator) => typeof creator === 'string' && creator.startsWith('Tool: '))
    : undefined
  return {
    kind: 'sbom',
    counts: undefined,
    packages: packages.length,
    scanner: typeof tool === 'string' ? tool.slice('Tool: '.length) : undefined,
    vulnerabilities: [],
    packageList: packages.map((one) => ({
      name: shortTextOf(one, 'name') ?? '',
      version: shortTextOf(one, 'versionInfo') ?? shortTextOf(one, 'software_packageVersion'),
    })),
  }
}
