import { type JsonObject, type JsonValue, ownValue } from '../standards/http/bounded-json.ts'
import {
  countSeverities,
  objectAt,
  objectsOf,
  programName,
  type ReportContent,
  severityOfScore,
  shortTextOf,
  textOf,
  type Vulnerability,
} from './findings.ts'

/** Reads a SARIF log. A severity is the `security-severity` of the result or of its rule. [SARIF 2.1.0 §3.27; GitHub, SARIF support] */
export function readSarif(log: JsonObject): ReportContent {
  const runs = objectsOf(ownValue(log, 'runs'))
  const vulnerabilities = runs.flatMap((run) => {
    const scoreOf = scoresOf(run)
    return objectsOf(ownValue(run, 'results'))
      .filter(isFinding)
      .map((result) => toVulnerability(result, scoreOf(result)))
  })
  const [driver] = runs.map((run) => objectAt(run, 'tool', 'driver'))
  return {
    kind: 'vulnerabilities',
    counts: countSeverities(vulnerabilities),
    packages: undefined,
    scanner: driver && programName(textOf(driver, 'name'), textOf(driver, 'version')),
    vulnerabilities,
    packageList: [],
  }
}

/** SARIF has no member for packages: Trivy writes lines into the message. [Trivy, pkg/report/sarif.go] */
function toVulnerability(result: JsonObject, score: JsonValue | undefined): Vulnerability {
  const message = shortTextOf(objectAt(result, 'message'), 'text') ?? ''
  const line = (name: string) => new RegExp(`^${name}: (.+)$`, 'm').exec(message)?.[1]
  return {
    severity: severityOfScore(score),
    id: shortTextOf(result, 'ruleId') ?? shortTextOf(objectAt(result, 'rule'), 'id'),
    package: line('Package'),
    version: line('Installed Version'),
    fixedVersion: line('Fixed Version'),
  }
}

/** Whether a result reports a problem that is neither suppressed nor gone. [SARIF 2.1.0 §3.27.9, §3.27.23, §3.27.24] */
function isFinding(result: JsonObject): boolean {
  const kind = ownValue(result, 'kind') ?? 'fail'
  const isSuppressed = objectsOf(ownValue(result, 'suppressions')).some(
    (suppression) => (ownValue(suppression, 'status') ?? 'accepted') === 'accepted',
  )
  return kind === 'fail' && ownValue(result, 'baselineState') !== 'absent' && !isSuppressed
}

/** The score of a result of a run. */
function scoresOf(run: JsonObject): (result: JsonObject) => JsonValue | undefined {
  const rules = objectsOf(ownValue(objectAt(run, 'tool', 'driver'), 'rules'))
  const extended = objectsOf(ownValue(objectAt(run, 'tool'), 'extensions')).flatMap((extension) =>
    objectsOf(ownValue(extension, 'rules')),
  )
  const byId = new Map([...extended, ...rules].map((rule) => [ownValue(rule, 'id'), rule]))
  return (result) => {
    const own = scoreIn(result)
    if (own !== undefined) return own
    const reference = objectAt(result, 'rule')
    const id = ownValue(result, 'ruleId') ?? ownValue(reference, 'id')
    const index = ownValue(result, 'ruleIndex') ?? ownValue(reference, 'index')
    const rule = id === undefined ? typeof index === 'number' && rules[index] : byId.get(id)
    return rule ? scoreIn(rule) : undefined
  }
}

function scoreIn(object: JsonObject): JsonValue | undefined {
  return ownValue(objectAt(object, 'properties'), 'security-severity')
}
