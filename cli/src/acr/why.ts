import { decisionDocument, openAuditFile } from '@acrux/server'
import { newestOnServer } from '../audit/server-log.ts'
import { signedInObjectId } from '../az.ts'
import { defineCommand } from '../command/command.ts'
import type { CommandContext } from '../command/context.ts'
import { CommandFailure, WrongUsageError } from '../command/failure.ts'
import { type DataDirFlags, configurationOf, dataDirFlags } from '../data-dir-flags.ts'
import { terminalLine } from '../terminal-text.ts'
import { askRegistry } from './ask-registry.ts'
import { sharedExitCodes } from './shared.ts'
import { type RecordedDecision, whyText } from './why-text.ts'

type Flags = DataDirFlags & {
  readonly id?: string
  readonly name?: string
  readonly last?: true
  readonly principal?: string
}

/** `acrux acr why`. */
export const command = defineCommand<Flags>({
  about: `
With -n, the command asks the management API, as the account that is signed in. Without -n, it reads the data directory,
also while the server is running. The answer then does not include what has changed since.`,
  arguments: [{ name: '[id]', description: 'the x-ms-correlation-request-id of the response that denied the request' }],
  flags: [
    ...dataDirFlags(),
    { flags: '-n, --name <registry>', description: 'the name of the registry to ask' },
    {
      flags: '--last',
      description: 'explain the last denial; with -n, the last denial of the account that is signed in',
    },
    {
      flags: '--principal <id>',
      description: 'with --last: the object id of another principal, or the name that it sent',
    },
  ],
  examples: [
    'acrux acr why 019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11 -n contoso',
    'acrux acr why --last -n contoso',
    'acrux acr why --last --principal 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 -n contoso',
    'acrux acr why --last --data-dir /var/lib/acrux -o json',
  ],
  exitCodes: {
    0: 'the denial was explained',
    1: 'the id is unknown, or no denial was found',
    ...sharedExitCodes,
    13: 'the audit log cannot be read',
    14: 'the master key cannot be read',
  },
  prints: 'result',
  text: (decision: RecordedDecision, { name }) => whyText(decision, name),
  run: why,
})

/** Explains a denial by its correlation id, or the last one. */
async function why(flags: Flags, context: CommandContext): Promise<RecordedDecision> {
  const { id, last, principal } = flags
  if ((id === undefined) === (last === undefined)) throw new WrongUsageError('use either an ID or --last')
  if (principal !== undefined && last === undefined) throw new WrongUsageError('--principal requires --last')
  const found = flags.name === undefined ? await findInLog(flags) : await findOnServer(context, flags, flags.name)
  if (found !== undefined) return found
  throw new CommandFailure(id === undefined ? 'no denial was found' : `the id ${terminalLine(id)} is unknown`, 1)
}

/** Without a principal, the last denial is that of the caller. */
async function findOnServer(
  context: CommandContext,
  { id, principal }: Flags,
  name: string,
): Promise<RecordedDecision | undefined> {
  const correlationId = id ?? (await lastDenialOnServer(context, name, principal))
  if (correlationId === undefined) return undefined
  const answer = await askRegistry(context, name, `decisions/${encodeURIComponent(correlationId)}`, {})
  return answer as RecordedDecision | undefined
}

async function lastDenialOnServer(
  context: CommandContext,
  name: string,
  principal: string | undefined,
): Promise<string | undefined> {
  const filter = { principal: principal ?? (await signedInObjectId(context)), outcome: 'refused', limit: 1 }
  for await (const { correlationId } of newestOnServer(context, { name }, filter)) return correlationId
  return undefined
}

/** Without an id and a principal, the last denial is that of any caller. */
async function findInLog({ id, principal, ...place }: Flags): Promise<RecordedDecision | undefined> {
  const { dataDir } = await configurationOf(place)
  const log = await openAuditFile(dataDir)
  const filter =
    id === undefined ? { outcome: 'refused' as const, actorId: principal } : { correlationId: id.toLowerCase() }
  try {
    const events = await log.newest(filter, 20)
    return events.map(decisionDocument).find((decision) => decision !== undefined)
  } finally {
    log.close()
  }
}
