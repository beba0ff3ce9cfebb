import { decisionDocument, exitCodes, openAuditFile } from '@acrux/server'
import type { Command } from 'commander'
import { newestOnServer } from '../audit/server-log.ts'
import { signedInObjectId } from '../az.ts'
import { type DataDirFlags, configurationOf } from '../data-dir-flags.ts'
import { explainFailure } from '../startup-failure.ts'
import { terminalLine } from '../terminal-text.ts'
import { askRegistry } from './ask-registry.ts'
import { type OutputFlags, print } from './output.ts'
import { type RecordedDecision, whyText } from './why-text.ts'

/** The options of `acrux acr why`. */
export type WhyFlags = OutputFlags &
  DataDirFlags & { readonly name?: string; readonly last?: true; readonly principal?: string }

/** Explains a denial by its correlation id, or the last one. */
export async function why(id: string | undefined, flags: WhyFlags, command: Command): Promise<void> {
  if ((id === undefined) === (flags.last === undefined)) command.error('error: use either an ID or --last')
  if (flags.principal !== undefined && flags.last === undefined) command.error('error: --principal requires --last')
  const found = flags.name === undefined ? await findInLog(id, flags) : findOnServer(id, flags.name, flags.principal)
  if (found === undefined) {
    const reason = id === undefined ? 'no denial was found' : `the id ${terminalLine(id)} is unknown`
    process.stderr.write(`acrux: ${reason}\n`)
    process.exitCode = exitCodes.unexpected
    return
  }
  print(found, flags.output, (decision) => whyText(decision, flags.name))
}

/** Without a principal, the last denial is that of the caller. */
function findOnServer(
  id: string | undefined,
  name: string,
  principal: string | undefined,
): RecordedDecision | undefined {
  const correlationId = id ?? lastDenialOnServer(name, principal ?? signedInObjectId())
  if (correlationId === undefined) return undefined
  return askRegistry(name, `decisions/${encodeURIComponent(correlationId)}`, {}) as RecordedDecision | undefined
}

function lastDenialOnServer(name: string, principal: string): string | undefined {
  const [event] = newestOnServer({ name }, { principal, outcome: 'refused', limit: 1 })
  return event?.correlationId
}

/** Without an id and a principal, the last denial is that of any caller. */
async function findInLog(
  id: string | undefined,
  { principal, ...place }: DataDirFlags & { readonly principal?: string },
): Promise<RecordedDecision | undefined> {
  const log = await configurationOf(place)
    .then(({ dataDir }) => openAuditFile(dataDir))
    .catch(explainFailure)
  const filter =
    id === undefined ? { outcome: 'refused' as const, actorId: principal } : { correlationId: id.toLowerCase() }
  try {
    const events = await log.newest(filter, 20)
    return events.map(decisionDocument).find((decision) => decision !== undefined)
  } finally {
    log.close()
  }
}
