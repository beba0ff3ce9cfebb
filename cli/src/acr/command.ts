import type { DecisionChange, DecisionDocument, DecisionSince } from '@acrux/contract'
import { decisionDocument, exitCodes, loadConfiguration, openAuditFile } from '@acrux/server'
import { type Command, Option } from 'commander'
import { explainFailure } from '../startup-failure.ts'
import { getNextFromArm } from '../az.ts'
import { askRegistry } from './ask-registry.ts'
import { changeText } from './change-text.ts'
import { whyText } from './why-text.ts'

const examples = `
With -n, the management API is asked through az, as whoever is signed in there. Without, the data directory is read,
whether the server runs or not; then it is not told what has changed since.

Examples:
  acrux acr why 019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11 -n contoso
  acrux acr why 019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11 --data-dir /var/lib/acrux -o json
  acrux acr can 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 push team/app -n contoso
  acrux acr can token:device pull team/app -n contoso
  acrux acr who delete team/app -n contoso
  acrux acr who catalog -n contoso

Exit codes: 0 told (for can: allowed); 1 nothing is known of the id (for can: not allowed); 2 wrong flag or setting;
3 az could not be asked; 13 no log that can be read; 14 no master key that can be read.
`

/** What a program may do with the answer. */
type OutputFlags = { readonly output: 'text' | 'json' }
type RegistryFlags = OutputFlags & { readonly name: string }
type WhyFlags = OutputFlags & { readonly name?: string; readonly dataDir?: string; readonly config?: string }

/** Adds `acrux acr`. */
export function addAcr(program: Command): void {
  const command = program
    .command('acr')
    .description('say why a request was refused, who may do something, and what would allow it')
    .addHelpText('after', examples)
    // 1 is for what is not known, or not allowed.
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? exitCodes.ok : exitCodes.configuration))
  withOutput(command.command('why <id>'))
    .description('why a request was refused: the x-ms-correlation-request-id of its answer')
    .option('-n, --name <registry>', 'the registry, asked through az')
    .option('--data-dir <directory>', 'the data directory of the server. Variable: ACRUX_DATA_DIR')
    .option('--config <file>', 'the configuration file of the server, which names it. Variable: ACRUX_CONFIG')
    .action(why)
  withOutput(command.command('can <principal> <action> [repository]'))
    .description('may somebody do something: an object id, admin, anonymous, or token:NAME')
    .requiredOption('-n, --name <registry>', 'the registry, asked through az')
    .action((principal: string, action: string, repository: string | undefined, { name, output }: RegistryFlags) => {
      const answer = requireAnswer(askRegistry(name, 'accessExplanation', { principal, action, repository }))
      print(answer, output, (explained) => canText(explained, { registry: name, principal }))
      process.exitCode = isAllowed(answer) ? exitCodes.ok : 1
    })
  withOutput(command.command('who <action> [repository]'))
    .description('who may do something')
    .requiredOption('-n, --name <registry>', 'the registry, asked through az')
    .action((action: string, repository: string | undefined, { name, output }: RegistryFlags) =>
      print(askWho(name, { action, repository }), output, whoText),
    )
}

function withOutput(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <form>', 'how to print it').choices(['text', 'json']).default('text'),
  )
}

async function why(id: string, { name, output, ...place }: WhyFlags): Promise<void> {
  const found =
    name === undefined
      ? await findInLog(id, place)
      : (askRegistry(name, `decisions/${encodeURIComponent(id)}`, {}) as TimedDecision | undefined)
  if (found === undefined) {
    process.stderr.write(`acrux: nothing is known of ${plain(id)}\n`)
    process.exitCode = 1
    return
  }
  print(found, output, (decision) => whyText(decision, name))
}

type TimedDecision = DecisionDocument & { readonly since?: DecisionSince | null }

async function findInLog(
  correlationId: string,
  place: { readonly dataDir?: string; readonly config?: string },
): Promise<DecisionDocument | undefined> {
  const log = await loadConfiguration({ flags: place, env: process.env })
    .then(({ dataDir }) => openAuditFile(dataDir))
    .catch(explainFailure)
  try {
    const events = await log.newest({ correlationId: correlationId.toLowerCase() }, 20)
    return events.map(decisionDocument).find((decision) => decision !== undefined)
  } finally {
    log.close()
  }
}

/** What these two always answer. */
function requireAnswer(answer: unknown): unknown {
  if (answer === undefined) throw new Error('the registry gave no answer')
  return answer
}

function print<Answer>(answer: Answer, output: 'text' | 'json', textOf: (answer: Answer) => string): void {
  const text = output === 'json' ? JSON.stringify(answer, null, 2) : plain(textOf(answer))
  process.stdout.write(`${text}\n`)
}

/** Others chose some of it: nothing that a terminal takes for more than text. */
function plain(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]|\p{Cf}/gu, '?')
}

type Explained = {
  readonly allowed: boolean
  readonly firstFailure: string | null
  readonly smallestChange: DecisionChange | null
  readonly scopeMap: { readonly name: string } | null
  readonly assignments: readonly { readonly roleName: string | null; readonly scope: string; readonly result: string }[]
}

function isAllowed(answer: unknown): boolean {
  return (answer as Explained).allowed
}

function canText(
  answer: unknown,
  { registry, principal }: { readonly registry: string; readonly principal: string },
): string {
  const { allowed, firstFailure, smallestChange, assignments, scopeMap } = answer as Explained
  const [, token] = /^token:(.+)$/.exec(principal) ?? []
  const names = { registry, token, objectId: token ?? principal, scopeMap: scopeMap?.name }
  return [
    allowed ? 'allowed' : `not allowed: ${firstFailure ?? ''}`,
    ...assignments.map(({ roleName, scope, result }) => `  ${result}  ${roleName ?? '(no such role)'}  at ${scope}`),
    ...(smallestChange === null ? [] : [`smallest change: ${changeText(smallestChange, names)}`]),
  ].join('\n')
}

type Allowed = {
  readonly anonymous: boolean
  readonly adminAccount: boolean
  readonly value: readonly {
    readonly principalId: string
    readonly principalType: string
    readonly displayName: string | null
    /** Of a scoped token. */
    readonly status?: string
  }[]
  readonly nextLink?: string
}

/** All pages as one. */
function askWho(name: string, query: Readonly<Record<string, string | undefined>>): Allowed {
  const { nextLink, ...first } = requireAnswer(askRegistry(name, 'allowedPrincipals', query)) as Allowed
  const value = [...first.value]
  for (let link = nextLink; link !== undefined;) {
    const page = requireAnswer(getNextFromArm(link)) as Allowed
    value.push(...page.value)
    link = page.nextLink
  }
  return { ...first, value }
}

function whoText({ anonymous, adminAccount, value }: Allowed): string {
  return [
    ...(anonymous ? ['anybody'] : []),
    ...(adminAccount ? ['the admin account'] : []),
    ...value.map(({ principalType, principalId, displayName, status }) =>
      [principalType, principalId, displayName ?? '', ...(status === 'disabled' ? ['(disabled)'] : [])].join('  '),
    ),
  ].join('\n')
}
