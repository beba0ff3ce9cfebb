import type { AllowedPrincipal, AllowedPrincipalList } from '@acrux/shared/wire/api-types.ts'
import { ApiError, askArm, pathOf } from '../../../clients/arm/arm.ts'
import { orNotAsked } from '../../../clients/arm/az.ts'
import { registryVersion } from '../../../clients/arm/named-registry.ts'
import { allItems } from '../../../clients/http/follow-pages.ts'
import type { Account } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import { openPermissions } from '../permission/permission-registry.ts'
import { aboutActions, actionArguments, registryFlag, requireAnswer, sharedExitCodes } from '../permission/questions.ts'
import { type DirectorySubject, membersOf, namedSubjects } from '../permission/subject.ts'

type Flags = { readonly action: string; readonly repository?: string; readonly name: string }

/** A principal with its name, and the members of a group and of nested groups. */
type NamedPrincipal = AllowedPrincipal & {
  readonly name: string
  readonly members?: readonly { readonly id: string; readonly type: string | null; readonly name: string }[]
}

type NamedPrincipalList = Omit<AllowedPrincipalList, 'value'> & { readonly value: readonly NamedPrincipal[] }

/** `acrux acr who`. */
export const command = defineCommand<Flags>({
  about: `${aboutActions}
For a group, the command also lists the members of the group and of nested groups.`,
  arguments: actionArguments,
  flags: [registryFlag],
  examples: ['acrux acr who delete team/app -n contoso', 'acrux acr who catalog -n contoso -o json'],
  exitCodes: { 0: 'success', ...sharedExitCodes },
  text: whoText,
  table: whoTable,
  run: async (flags, context) =>
    orNotAsked(async () => {
      const { account, id } = await openPermissions(context, flags)
      return withNames(account, await askWho(account, id, flags))
    }),
})

/** Fetches all pages. */
async function askWho(account: Account, registryId: string, flags: Flags): Promise<AllowedPrincipalList> {
  const { action, repository } = flags
  const query = new URLSearchParams({ 'api-version': registryVersion, action })
  if (repository !== undefined) query.set('repository', repository)
  const ask = async (url: string) =>
    requireAnswer(await askArm(account, { method: 'GET', url })) as AllowedPrincipalList
  const pages = await allItems(`${registryId}/allowedPrincipals?${query.toString()}`, async (url) => {
    const page = await ask(url)
    return { items: [page], next: page.nextLink === undefined ? undefined : pathOf(page.nextLink) }
  })
  const [first] = pages
  const { nextLink: _, ...list } = requireAnswer(first) as AllowedPrincipalList
  return { ...list, value: pages.flatMap((page) => page.value) }
}

async function withNames(account: Account, list: AllowedPrincipalList): Promise<NamedPrincipalList> {
  const ids = list.value.flatMap(({ principalId, principalType }) =>
    principalType === 'ScopedToken' ? [] : [principalId],
  )
  const subjects = await namedSubjects(account, ids)
  const value: NamedPrincipal[] = []
  for (const each of list.value) {
    const { principalId, principalType, displayName } = each
    const name = subjects.get(principalId)?.name ?? displayName ?? principalId
    const members = principalType === 'Group' ? await visibleMembers(account, principalId) : undefined
    value.push({ ...each, name, ...(members !== undefined && { members: members.map(memberDocument) }) })
  }
  return { ...list, value }
}

/** Undefined if the caller may not see the members. */
async function visibleMembers(account: Account, groupId: string): Promise<DirectorySubject[] | undefined> {
  try {
    return await membersOf(account, groupId)
  } catch (error) {
    if (error instanceof ApiError) return undefined
    throw error
  }
}

function memberDocument({ id, type, name }: DirectorySubject) {
  return { id, type: type ?? null, name }
}

function whoText({ anonymous, adminAccount, value }: NamedPrincipalList): string {
  return [
    ...(anonymous ? ['anonymous callers'] : []),
    ...(adminAccount ? ['the admin account'] : []),
    ...value.flatMap(({ principalType, principalId, name, status, members = [] }) => [
      lineOf(principalType, principalType === 'ScopedToken' ? principalId : name, status),
      ...members.map((each) => `  ${lineOf(each.type ?? 'Member', each.name)}`),
    ]),
  ].join('\n')
}

function whoTable({ anonymous, adminAccount, value }: NamedPrincipalList): readonly Readonly<Record<string, string>>[] {
  const rowOf = (type: string, name: string, status: string) => ({ TYPE: type, NAME: name, STATUS: status })
  return [
    ...(anonymous ? [rowOf('Anonymous', 'anonymous callers', '')] : []),
    ...(adminAccount ? [rowOf('Admin', 'the admin account', '')] : []),
    ...value.map(({ principalType, name, status }) => rowOf(principalType, name, status ?? '')),
  ]
}

function lineOf(type: string, name: string, status?: string): string {
  return [type.padEnd(16), name, ...(status === 'disabled' ? ['(disabled)'] : [])].join('  ')
}
