import { cutText } from '../standards/http/cut-text.ts'
import { isJsonObject, type JsonObject, type JsonValue, ownValue } from '../standards/http/bounded-json.ts'
import {
  countSeverities,
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

const maxVersionLength = 100

/** Reads Trivy's own report. */
export function readTrivy(report: JsonObject): ReportContent {
  const results = objectsOf(ownValue(report, 'Results'))
  const vulnerabilities = results.flatMap((result) =>
    objectsOf(ownValue(result, 'Vulnerabilities')).map((one) => ({
      severity: severityOfName(ownValue(one, 'Severity')),
      isFixable: textOf(one, 'FixedVersion') !== undefined,
      id: shortTextOf(one, 'VulnerabilityID'),
      package: shortTextOf(one, 'PkgName'),
      version: shortTextOf(one, 'InstalledVersion'),
      fixedVersion: shortTextOf(one, 'FixedVersion'),
    })),
  )
  return findingsOf(vulnerabilities, 'Trivy')
}

/** Reads Grype's own report. */
export function readGrype(report: JsonObject): ReportContent {
  const vulnerabilities = objectsOf(ownValue(report, 'matches')).map((match) => {
    const one = objectAt(match, 'vulnerability')
    const artifact = objectAt(match, 'artifact')
    const fix = objectAt(one, 'fix')
    return {
      severity: severityOfName(ownValue(one, 'severity')),
      isFixable: textOf(fix, 'state') === 'fixed',
      id: shortTextOf(one, 'id'),
      package: shortTextOf(artifact, 'name'),
      version: shortTextOf(artifact, 'version'),
      fixedVersion: firstTextOf(ownValue(fix, 'versions')),
    }
  })
  return findingsOf(vulnerabilities, programName('Grype', textOf(objectAt(report, 'descriptor'), 'version')))
}

/** The first text of a list. */
function firstTextOf(list: JsonValue | undefined): string | undefined {
  const [first] = Array.isArray(list) ? list : []
  return typeof first === 'string' ? cutText(first, maxVersionLength) : undefined
}

/** Reads the list of vulnerabilities in a predicate. A severity is a list of scores by method. [in-toto, vulns predicate 0.1] */
export function readScanResult(scanner: JsonObject): ReportContent {
  const vulnerabilities = objectsOf(ownValue(scanner, 'result')).map((one) => {
    const severity = severityOfRatings(ownValue(one, 'severity'))
    return { severity, id: shortTextOf(one, 'id'), package: undefined, version: undefined, fixedVersion: undefined }
  })
  return findingsOf(vulnerabilities, undefined)
}

/** The severity of a name, or of the first score of a list. */
function severityOfRatings(listed: JsonValue | undefined): Severity {
  if (!Array.isArray(listed)) return severityOfName(listed)
  const [score] = listed.filter(isJsonObject).map((rating) => ownValue(rating, 'score'))
  const named = severityOfName(score)
  return named === 'unknown' ? severityOfScore(score) : named
}

function findingsOf(vulnerabilities: readonly Vulnerability[], scanner: string | undefined): ReportContent {
  const counts = countSeverities(vulnerabilities)
  return { kind: 'vulnerabilities', counts, packages: undefined, scanner, vulnerabilities, packageList: [] }
}
