import { requireAccount } from '../../account/account.ts'
import { booleanFlag, numberFlag } from '../../arm/flags.ts'
import { graph, listGraph, orFailed, quoted } from '../../arm/graph.ts'
import { valueAt } from '../../arm/shape.ts'
import { defineCommand } from '../../command/command.ts'
import type { CommandContext } from '../../command/context.ts'
import { failure } from '../../command/failure.ts'
import { assignRole } from '../../role/assign.ts'
import { createApplication } from '../app/create-application.ts'
import { endOf } from '../credentials.ts'
import { addPassword, secretWarning } from '../shared.ts'

type Flags = {
  readonly displayName?: string
  readonly role?: string
  readonly scopes?: readonly string[]
  readonly years?: number
  readonly createPassword?: boolean
  readonly serviceManagementReference?: string
}

/** `acrux ad sp create-for-rbac`. */
export const command = defineCommand<Flags>({
  about:
    '\nThe password is printed once. An application of the same name is used again, and its passwords become invalid.',
  flags: [
    {
      flags: '-n, --display-name <name>',
      aliases: ['--name'],
      description: 'the display name. Default: a name with the time',
    },
    { flags: '--role <role>', description: 'a role to assign: a name or an id' },
    { flags: '--scopes <id...>', description: 'the scopes of the role', repeated: true },
    numberFlag('--years <years>', 'the number of years until the password expires. Default: 1'),
    booleanFlag('--create-password', 'whether to create a password. Default: true'),
    { flags: '--service-management-reference <text>', description: 'a reference to a service management database' },
  ],
  examples: [
    'acrux ad sp create-for-rbac -n ci --role AcrPush --scopes "$(acrux acr show -n contoso --query id -o tsv)"',
  ],
  prints: 'result',
  run: (flags, context) => orFailed(() => create(flags, context)),
})

async function create(flags: Flags, context: CommandContext): Promise<unknown> {
  const { role, scopes } = flags
  if ((role === undefined) !== (scopes === undefined))
    throw failure('Usage error: To create role assignments, specify both --role and --scopes.')
  const account = await requireAccount(context)
  const start = new Date()
  const displayName = flags.displayName ?? `azure-cli-${start.toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')}`
  const [present] =
    flags.displayName === undefined
      ? []
      : await listGraph(account, '/servicePrincipals', `displayName eq ${quoted(displayName)}`)
  const { serviceManagementReference } = flags
  const body = { ...(serviceManagementReference !== undefined && { serviceManagementReference }) }
  const application = await createApplication(context, account, { displayName, body })
  const path = `/applications/${String(valueAt(application, 'id'))}`
  const appId = valueAt(application, 'appId')
  const passwords = valueAt(application, 'passwordCredentials')
  for (const each of Array.isArray(passwords) ? (passwords as unknown[]) : [])
    await graph(account, 'POST', `${path}/removePassword`, { keyId: valueAt(each, 'keyId') })
  const password =
    flags.createPassword === false
      ? null
      : (await addPassword(account, path, { displayName: 'rbac', start, end: endOf(start, flags) })).secret
  const servicePrincipal =
    present ?? (await graph(account, 'POST', '/servicePrincipals', { appId, accountEnabled: true }))
  const principal = { id: String(valueAt(servicePrincipal, 'id')), type: 'ServicePrincipal' }
  for (const scope of scopes ?? []) {
    context.log.warning(`Creating '${role ?? ''}' role assignment under scope '${scope}'`)
    await assignRole(account, { scope, role: role ?? '', principal })
  }
  if (password !== null) context.log.warning(secretWarning)
  return { appId, displayName, password, tenant: account.subscription.tenantId }
}
