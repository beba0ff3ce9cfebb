import { isJsonObject, type JsonObject, ownValue } from '@acrux/shared/standards/http/bounded-json.ts'
import {
  countSeverities,
  type Findings,
  objectAt,
  objectsOf,
  programName,
  severityOfName,
  severityOfScore,
  textOf,
  type Vulnerability,
} from './findings.ts'

/** Reads Trivy's own report. */
export function readTrivy(report: JsonObject): Findings {
  const results = objectsOf(ownValue(report, 'Results'))
  const vulnerabilities = results.flatMap((result) =>
    objectsOf(ownValue(result, 'Vulnerabilities')).map((one) => ({
      severity: severityOfName(ownValue(one, 'Severity')),
      isFixable: textOf(one, 'FixedVersion') !== undefined,
    })),
  )
  return findingsOf(vulnerabilities, 'Trivy')
}

/** Reads Grype's own report. */
export function readGrype(report: JsonObject): Findings {
  const vulnerabilities = objectsOf(ownValue(report, 'matches')).map((match) => {
    const one = objectAt(match, 'vulnerability')
    return {
      severity: severityOfName(ownValue(one, 'severity')),
      isFixable: textOf(objectAt(one, 'fix'), 'state') === 'fixed',
    }
  })
  return findingsOf(vulnerabilities, programName('Grype', textOf(objectAt(report, 'descriptor'), 'version')))
}

/** Reads the list of vulnerabilities in a predicate. A severity is a list of scores by method. [in-toto, vulns predicate 0.1] */
export function readScanResult(scanner: JsonObject): Findings {
  const vulnerabilities = objectsOf(ownValue(scanner, 'result')).map((one) => {
    const listed = ownValue(one, 'severity')
    if (!Array.isArray(listed)) return { severity: severityOfName(listed) }
    const [first] = listed.filter(isJsonObject).map((rating) => {
      const score = ownValue(rating, 'score')
      const named = severityOfName(score)
      return named === 'unknown' ? severityOfScore(score) : named
    })
    return { severity: first ?? 'unknown' }
  })
  return findingsOf(vulnerabilities, undefined)
}

function findingsOf(vulnerabilities: readonly Vulnerability[], scanner: string | undefined): Findings {
  return { kind: 'vulnerabilities', counts: countSeverities(vulnerabilities), packages: undefined, scanner }
}
