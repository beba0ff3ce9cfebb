import { odataText } from '@acrux/shared/standards/azure/odata-text.ts'
import { graph, listGraph, orFailed } from '../../../clients/graph/graph.ts'
import { type Account, requireAccount } from '../../../clients/session/account.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { booleanFlag, numberFlag } from '../../../framework/options/flags.ts'
import { valueAt } from '../../../framework/values/shape.ts'
import { assignRole } from '../../role/assign.ts'
import { createApplication } from '../app/create-application.ts'
import { type NewCertificate, type NewCertificateFlags, newCertificate, newCertificateFlags } from '../certificate.ts'
import { endOf, fileOf } from '../credentials.ts'
import { addPassword, secretWarning } from '../objects.ts'

type Flags = NewCertificateFlags & {
  readonly displayName?: string
  readonly role?: string
  readonly scopes?: readonly string[]
  readonly years?: number
  readonly createPassword?: boolean
  readonly serviceManagementReference?: string
  readonly jsonAuth?: boolean
}

/** `acrux ad sp create-for-rbac`. */
export const command = defineCommand<Flags>({
  about: `
The command prints the new password once. If an application with this display name exists, the command reuses the
application, and invalidates the old passwords of the application.`,
  flags: [
    {
      flags: '-n, --display-name <name>',
      aliases: ['--name'],
      description: 'the display name. Default: a name that contains the time',
    },
    { flags: '--role <role>', description: 'a role to assign: a name or an id' },
    { flags: '--scopes <id...>', description: 'the scopes at which the command assigns the role', repeated: true },
    numberFlag('--years <years>', 'the number of years until the password expires. Default: 1'),
    booleanFlag('--create-password', 'whether to create a password. Default: true'),
    {
      flags: '--service-management-reference <text>',
      description: 'a reference to an entry in a service management database',
    },
    ...newCertificateFlags,
    booleanFlag('--skip-assignment', 'has no effect'),
    {
      ...booleanFlag('--json-auth', 'print JSON for the SDKs instead of the result'),
      aliases: ['--sdk-auth'],
    },
  ],
  examples: [
    'acrux ad sp create-for-rbac -n ci --role AcrPush --scopes "$(acrux acr show -n contoso --query id -o tsv)"',
  ],
  run: (flags, context) => orFailed(() => create(flags, context)),
})

async function create(flags: Flags, context: CommandContext): Promise<unknown> {
  const { role, scopes } = flags
  if ((role === undefined) !== (scopes === undefined))
    throw failure('Usage error: To create role assignments, specify both --role and --scopes.')
  const account = await requireAccount(context)
  const start = new Date()
  const displayName = flags.displayName ?? defaultName(start)
  const [present] =
    flags.displayName === undefined
      ? []
      : await listGraph(account, '/servicePrincipals', `displayName eq ${odataText(displayName)}`)
  const { appId, password, certificate } = await createWithCredential(context, account, { flags, displayName, start })
  const servicePrincipal =
    present ?? (await graph(account, 'POST', '/servicePrincipals', { appId, accountEnabled: true }))
  const principal = { id: String(valueAt(servicePrincipal, 'id')), type: 'ServicePrincipal' }
  for (const scope of scopes ?? []) {
    context.log.warning(`Creating '${role ?? ''}' role assignment under scope '${scope}'`)
    await assignRole(account, { scope, role: role ?? '', principal })
  }
  if (password !== null || certificate?.file !== undefined) context.log.warning(secretWarning)
  if (flags.jsonAuth === true) {
    const document = authentication(account, { appId, password, certificate }, scopes)
    context.print(`${JSON.stringify(document, undefined, 2)}\n`)
    return undefined
  }
  return { appId, displayName, password, tenant: account.subscription.tenantId, ...fileOf(certificate) }
}

function defaultName(start: Date): string {
  return `azure-cli-${start.toISOString().slice(0, 19).replaceAll(/[T:]/g, '-')}`
}

type Created = {
  readonly appId: unknown
  /** Null without a password. */
  readonly password: unknown
  readonly certificate: NewCertificate | undefined
}

/**
 * Creates the application, or reuses the application with the same name. The new password or certificate replaces all
 * earlier credentials.
 */
async function createWithCredential(
  context: CommandContext,
  account: Account,
  { flags, displayName, start }: { readonly flags: Flags; readonly displayName: string; readonly start: Date },
): Promise<Created> {
  const { serviceManagementReference, createPassword } = flags
  const end = endOf(start, flags)
  const certificate = await newCertificate(context, account, flags, { start, end })
  const body = {
    ...(serviceManagementReference !== undefined && { serviceManagementReference }),
    ...(certificate !== undefined && { keyCredentials: [certificate.keyCredential] }),
  }
  const application = await createApplication(context, account, { displayName, body })
  const path = `/applications/${String(valueAt(application, 'id'))}`
  const passwords = valueAt(application, 'passwordCredentials')
  for (const each of Array.isArray(passwords) ? (passwords as unknown[]) : [])
    await graph(account, 'POST', `${path}/removePassword`, { keyId: valueAt(each, 'keyId') })
  const needsPassword = createPassword !== false && certificate === undefined
  const password = needsPassword ? (await addPassword(account, path, { displayName: 'rbac', start, end })).secret : null
  return { appId: valueAt(application, 'appId'), password, certificate }
}

/** The file that the SDKs read, with the members in the order of az. [azure-cli Profile.get_sp_auth_info] */
function authentication(
  account: Account,
  { appId, password, certificate }: Created,
  scopes: readonly string[] | undefined,
): object {
  const { endpoints } = account.cloud
  return {
    clientId: appId,
    ...(password === null ? { clientCertificate: certificate?.file ?? null } : { clientSecret: password }),
    subscriptionId: scopes?.[0]?.split('/')[2] ?? account.subscription.id,
    tenantId: account.subscription.tenantId,
    activeDirectoryEndpointUrl: endpoints['activeDirectory'] ?? null,
    resourceManagerEndpointUrl: endpoints['resourceManager'] ?? null,
    activeDirectoryGraphResourceId: endpoints['activeDirectoryGraphResourceId'] ?? null,
    sqlManagementEndpointUrl: endpoints['sqlManagement'] ?? null,
    galleryEndpointUrl: endpoints['gallery'] ?? null,
    managementEndpointUrl: endpoints['management'] ?? null,
  }
}
