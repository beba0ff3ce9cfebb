import { decisionDocument, exitCodes, openAuditFile } from '@acrux/server'
import { type Command, Option } from 'commander'
import type { AccessExplanation, AllowedPrincipalList } from '../api-types.ts'
import { getNextFromArm } from '../az.ts'
import { type DataDirFlags, configurationOf, withDataDir } from '../data-dir-flags.ts'
import { explainFailure } from '../startup-failure.ts'
import { terminalLine, terminalText } from '../terminal-text.ts'
import { exitOnWrongUsage } from '../wrong-usage.ts'
import { askRegistry } from './ask-registry.ts'
import { changeText } from './change-text.ts'
import { type RecordedDecision, whyText } from './why-text.ts'

const examples = `
With -n, these commands ask the management API through az, as the principal that az is signed in as. Without it, why
reads the data directory; the server may be running. The answer then does not include what has changed since.

Examples:
  acrux acr why 019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11 -n contoso
  acrux acr why 019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11 --data-dir /var/lib/acrux -o json
  acrux acr can 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 push team/app -n contoso
  acrux acr can token:device pull team/app -n contoso
  acrux acr who delete team/app -n contoso
  acrux acr who catalog -n contoso

Exit codes: 0 answered (can: allowed); 1 the id is unknown (can: not allowed); 2 wrong flag or setting; 3 az failed;
13 the log cannot be read; 14 the master key cannot be read.
`

/** The output format of the answer. */
type OutputFlags = { readonly output: 'text' | 'json' }
type RegistryFlags = OutputFlags & { readonly name: string }
type WhyFlags = OutputFlags & DataDirFlags & { readonly name?: string }

/** Adds `acrux acr`. */
export function addAcr(program: Command): void {
  const command = exitOnWrongUsage(program.command('acr'))
    .description('explain denials, list permissions, and name the smallest change that allows a request')
    .addHelpText('after', examples)
  withDataDir(withOutput(command.command('why <id>')))
    .description('explain a denied request; ID is the x-ms-correlation-request-id of its response')
    .option('-n, --name <registry>', 'the registry, asked through az')
    .action(why)
  withOutput(command.command('can <principal> <action> [repository]'))
    .description(
      'check whether a principal may do something; PRINCIPAL is an object id, admin, anonymous or token:NAME',
    )
    .requiredOption('-n, --name <registry>', 'the registry, asked through az')
    .action((principal: string, action: string, repository: string | undefined, { name, output }: RegistryFlags) => {
      const answer = requireAnswer(askRegistry(name, 'accessExplanation', { principal, action, repository }))
      print(answer, output, (explained) => canText(explained, { registry: name, principal }))
      process.exitCode = isAllowed(answer) ? exitCodes.ok : 1
    })
  withOutput(command.command('who <action> [repository]'))
    .description('list the principals that may do something')
    .requiredOption('-n, --name <registry>', 'the registry, asked through az')
    .action((action: string, repository: string | undefined, { name, output }: RegistryFlags) =>
      print(askWho(name, { action, repository }), output, whoText),
    )
}

function withOutput(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <form>', 'the output format').choices(['text', 'json']).default('text'),
  )
}

async function why(id: string, { name, output, ...place }: WhyFlags): Promise<void> {
  const found =
    name === undefined
      ? await findInLog(id, place)
      : (askRegistry(name, `decisions/${encodeURIComponent(id)}`, {}) as RecordedDecision | undefined)
  if (found === undefined) {
    process.stderr.write(`acrux: the id ${terminalLine(id)} is unknown\n`)
    process.exitCode = 1
    return
  }
  print(found, output, (decision) => whyText(decision, name))
}

async function findInLog(correlationId: string, place: DataDirFlags): Promise<RecordedDecision | undefined> {
  const log = await configurationOf(place)
    .then(({ dataDir }) => openAuditFile(dataDir))
    .catch(explainFailure)
  try {
    const events = await log.newest({ correlationId: correlationId.toLowerCase() }, 20)
    return events.map(decisionDocument).find((decision) => decision !== undefined)
  } finally {
    log.close()
  }
}

/** Both commands always get an answer. */
function requireAnswer(answer: unknown): unknown {
  if (answer === undefined) throw new Error('the registry gave no answer')
  return answer
}

function print<Answer>(answer: Answer, output: 'text' | 'json', textOf: (answer: Answer) => string): void {
  const text = output === 'json' ? JSON.stringify(answer, null, 2) : terminalText(textOf(answer))
  process.stdout.write(`${text}\n`)
}

function isAllowed(answer: unknown): boolean {
  return (answer as AccessExplanation).allowed
}

function canText(
  answer: unknown,
  { registry, principal }: { readonly registry: string; readonly principal: string },
): string {
  const { allowed, firstFailure, smallestChange, assignments, scopeMap } = answer as AccessExplanation
  const [, token] = /^token:(.+)$/.exec(principal) ?? []
  const names = { registry, token, objectId: token ?? principal, scopeMap: scopeMap?.name }
  return [
    allowed ? 'allowed' : `not allowed: ${firstFailure ?? ''}`,
    ...assignments.map(({ roleName, scope, result }) => `  ${result}  ${roleName ?? '(no such role)'}  at ${scope}`),
    ...(smallestChange === null ? [] : [`smallest change: ${changeText(smallestChange, names)}`]),
  ].join('\n')
}

/** All pages as one. */
function askWho(name: string, query: Readonly<Record<string, string | undefined>>): AllowedPrincipalList {
  const { nextLink, ...first } = requireAnswer(askRegistry(name, 'allowedPrincipals', query)) as AllowedPrincipalList
  const value = [...first.value]
  for (let link = nextLink; link !== undefined;) {
    const page = requireAnswer(getNextFromArm(link)) as AllowedPrincipalList
    value.push(...page.value)
    link = page.nextLink
  }
  return { ...first, value }
}

function whoText({ anonymous, adminAccount, value }: AllowedPrincipalList): string {
  return [
    ...(anonymous ? ['anybody'] : []),
    ...(adminAccount ? ['the admin account'] : []),
    ...value.map(({ principalType, principalId, displayName, status }) =>
      [principalType, principalId, displayName ?? '', ...(status === 'disabled' ? ['(disabled)'] : [])].join('  '),
    ),
  ].join('\n')
}
