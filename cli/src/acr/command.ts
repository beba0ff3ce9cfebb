import { exitCodes } from '@acrux/server'
import { type Command, Option } from 'commander'
import type { AccessExplanation, AllowedPrincipalList } from '../api-types.ts'
import { fail, getNextFromArm } from '../az.ts'
import { withDataDir } from '../data-dir-flags.ts'
import { withHelp } from '../help-text.ts'
import { exitOnWrongUsage } from '../wrong-usage.ts'
import { askRegistry } from './ask-registry.ts'
import { changeText } from './change-text.ts'
import { type OutputFlags, print } from './output.ts'
import { why } from './why.ts'

const about = `
With -n, these commands ask the management API through az, as the principal that az is signed in as. Without -n, why
reads the data directory, also while the server is running. The answer then does not include what has changed since.`

const actions = `
ACTION is pull, push, delete, metadata_read, metadata_write, untag, deleted_read or deleted_restore. The actions catalog
and deleted_catalog need no REPOSITORY.`

const sharedExitCodes = { 2: 'wrong option or setting', 3: 'az failed' }
const whyExitCodes = {
  0: 'the denial was explained',
  1: 'the id is unknown, or no denial was found',
  ...sharedExitCodes,
  13: 'the audit log cannot be read',
  14: 'the master key cannot be read',
}

type RegistryFlags = OutputFlags & { readonly name: string }

/** Adds `acrux acr`. */
export function addAcr(program: Command): void {
  const command = exitOnWrongUsage(program.command('acr')).description(
    'explain denials, list permissions, and suggest the smallest change that allows a request',
  )
  withHelp(command, {
    about,
    examples: [
      'acrux acr why --last -n contoso',
      'acrux acr can 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 push team/app -n contoso',
      'acrux acr who delete team/app -n contoso',
    ],
    exitCodes: { ...whyExitCodes, 0: 'answered (can: allowed)', 1: 'the id is unknown (can: denied)' },
  })
  addWhy(command)
  addCan(command)
  addWho(command)
}

function addWhy(acr: Command): void {
  const command = withDataDir(withOutput(acr.command('why [id]')))
    .description('explain a denied request; ID is the x-ms-correlation-request-id of its response')
    .option('-n, --name <registry>', 'the name of the registry to ask through az')
    .option('--last', 'explain the last denial; with -n, the last denial of the principal that az is signed in as')
    .option('--principal <id>', 'with --last: the object id of another principal, or the name that it sent')
    .action(why)
  withHelp(command, {
    about,
    examples: [
      'acrux acr why 019ab7c0-6f0e-7c51-9d44-0a8f6f8f2f11 -n contoso',
      'acrux acr why --last -n contoso',
      'acrux acr why --last --principal 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 -n contoso',
      'acrux acr why --last --data-dir /var/lib/acrux -o json',
    ],
    exitCodes: whyExitCodes,
  })
}

function addCan(acr: Command): void {
  const command = withOutput(acr.command('can <principal> <action> [repository]'))
    .description(
      'check whether a principal has a permission; PRINCIPAL is an object id, admin, anonymous or token:NAME',
    )
    .requiredOption('-n, --name <registry>', 'the name of the registry to ask through az')
    .action((principal: string, action: string, repository: string | undefined, { name, output }: RegistryFlags) => {
      const answer = requireAnswer(askRegistry(name, 'accessExplanation', { principal, action, repository }))
      print(answer, output, (explained) => canText(explained, { registry: name, principal }))
      process.exitCode = isAllowed(answer) ? exitCodes.ok : exitCodes.unexpected
    })
  withHelp(command, {
    about: actions,
    examples: [
      'acrux acr can 6f1d8c1e-1f0f-4d0e-9c53-0d1f6d4f2b11 push team/app -n contoso',
      'acrux acr can token:device pull team/app -n contoso',
      'acrux acr can anonymous catalog -n contoso -o json',
    ],
    exitCodes: { 0: 'allowed', 1: 'denied', ...sharedExitCodes },
  })
}

function addWho(acr: Command): void {
  const command = withOutput(acr.command('who <action> [repository]'))
    .description('list the principals that have a permission')
    .requiredOption('-n, --name <registry>', 'the name of the registry to ask through az')
    .action((action: string, repository: string | undefined, { name, output }: RegistryFlags) =>
      print(askWho(name, { action, repository }), output, whoText),
    )
  withHelp(command, {
    about: actions,
    examples: ['acrux acr who delete team/app -n contoso', 'acrux acr who catalog -n contoso -o json'],
    exitCodes: { 0: 'success', ...sharedExitCodes },
  })
}

function withOutput(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <format>', 'the output format').choices(['text', 'json']).default('text'),
  )
}

/** Exits with 3 if the registry was deleted after its id was read. */
function requireAnswer(answer: unknown): unknown {
  return answer ?? fail('the registry does not exist')
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

/** Fetches all pages. */
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
    ...(anonymous ? ['anonymous callers'] : []),
    ...(adminAccount ? ['the admin account'] : []),
    ...value.map(({ principalType, principalId, displayName, status }) =>
      [principalType, principalId, displayName ?? '', ...(status === 'disabled' ? ['(disabled)'] : [])].join('  '),
    ),
  ].join('\n')
}
