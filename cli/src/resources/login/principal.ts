import path from 'node:path'
import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { httpClientOf } from '../../clients/session/account.ts'
import type { Authenticated } from '../../clients/session/sign-in.ts'
import { managedIdentityToken } from '../../clients/tokens/managed-identity.ts'
import type { Secrets } from '../../clients/tokens/secrets.ts'
import { unverifiedClaim } from '../../clients/tokens/token-claim.ts'
import type { CommandContext } from '../../framework/command/context.ts'
import { failure } from '../../framework/command/failure.ts'
import { readSecret } from '../../framework/options/read-value.ts'
import type { Cloud } from '../../framework/profile/clouds.ts'
import type { SignInMethod } from '../../framework/profile/profile.ts'
import type { LoginFlags } from './flags.ts'
import { resolveTenant } from './tenant.ts'

/** Describes a sign-in of a service principal. The first token authenticates it. @throws CommandFailure if a flag is missing */
export async function servicePrincipal(
  context: CommandContext,
  cloud: Cloud,
  flags: LoginFlags,
): Promise<Authenticated> {
  const http = httpClientOf(context, cloud)
  const tenant = flags.tenant ?? context.env['AZURE_TENANT_ID']
  const name = flags.username ?? context.env['AZURE_CLIENT_ID']
  if (name === undefined || tenant === undefined)
    throw failure('usage error: --service-principal --username NAME --password SECRET --tenant TENANT')
  const { method, secrets } = await servicePrincipalCredential(context, flags)
  return {
    cloud,
    http,
    tenantId: await resolveTenant(http, cloud, tenant),
    allTenants: false,
    user: {
      name,
      type: 'servicePrincipal',
      ...(flags.useCertSnIssuer === true && { servicePrincipalCertificateSnIssuerAuth: true }),
    },
    method,
    secrets,
  }
}

async function servicePrincipalCredential(
  { env, ask, isInteractive }: CommandContext,
  { certificate, useCertSnIssuer, federatedToken, password }: LoginFlags,
): Promise<{ readonly method: SignInMethod; readonly secrets: Secrets }> {
  if (certificate !== undefined) {
    const method = {
      kind: 'certificate',
      file: path.resolve(certificate),
      sendsChain: useCertSnIssuer === true,
    } as const
    return { method, secrets: {} }
  }
  const tokenFile = env['AZURE_FEDERATED_TOKEN_FILE']
  if (federatedToken === undefined && password === undefined && tokenFile !== undefined)
    return { method: { kind: 'federated', file: path.resolve(tokenFile) }, secrets: {} }
  if (federatedToken !== undefined) {
    if (federatedToken.startsWith('@'))
      return { method: { kind: 'federated', file: path.resolve(federatedToken.slice(1)) }, secrets: {} }
    const token = await readSecret(federatedToken)
    return { method: { kind: 'federated', file: undefined }, secrets: { federatedToken: token.trim() } }
  }
  const variable = env['ACRUX_CLIENT_SECRET'] ?? env['AZURE_CLIENT_SECRET']
  const clientSecret =
    password !== undefined
      ? await readSecret(password)
      : (variable ?? (isInteractive ? await ask('Password: ', { hidden: true }) : undefined))
  if (clientSecret === undefined)
    throw failure(
      'Please specify both username and password in non-interactive mode.',
      'pass the secret with --password - on standard input, or in ACRUX_CLIENT_SECRET',
    )
  return { method: { kind: 'secret' }, secrets: { clientSecret } }
}

/**
 * Authenticates as the managed identity of this machine. @throws CommandFailure if the machine has no managed identity
 */
export async function managedIdentity(
  context: CommandContext,
  cloud: Cloud,
  { clientId, objectId, resourceId }: LoginFlags,
): Promise<Authenticated> {
  const named = [
    ['client_id', 'MSIClient', clientId],
    ['object_id', 'MSIObject', objectId],
    ['resource_id', 'MSIResource', resourceId],
  ] as const
  const given = named.filter(([, , value]) => value !== undefined)
  if (given.length > 1) throw failure('Usage error: Provide only one of --client-id, --object-id, --resource-id.')
  const [parameter, kind, value] = given[0] ?? [undefined, 'MSI', undefined]
  const http = httpClientOf(context, cloud)
  const method = { kind: 'managed-identity', parameter, value } as const
  const { accessToken } = await managedIdentityToken(
    http,
    context.env,
    method,
    cloud.endpoints.activeDirectoryResourceId,
  )
  const tenantId = unverifiedClaim(accessToken, 'tid')
  if (!isGuid(tenantId)) throw failure('the token of the managed identity does not name a tenant')
  const user = {
    name: value === undefined ? 'systemAssignedIdentity' : 'userAssignedIdentity',
    type: 'servicePrincipal',
    assignedIdentityInfo: value === undefined ? kind : `${kind}-${value}`,
  }
  return { cloud, http, tenantId, allTenants: false, user, method, secrets: {} }
}

type Rule = readonly [isWrong: (flags: LoginFlags) => boolean, message: string]

const isGiven = (...values: readonly unknown[]) => values.some((value) => value !== undefined)

/** Rejects the same combinations of flags as az, with az's messages. */
const rules: readonly Rule[] = [
  [
    ({ identity, password, servicePrincipal, tenant }) =>
      identity === true && isGiven(password, servicePrincipal, tenant),
    "usage error: '--identity' is not applicable with other arguments",
  ],
  [
    ({ identity, username }) => identity === true && username !== undefined,
    'Passing the managed identity ID with --username is no longer supported. Use --client-id, --object-id or --resource-id instead.',
  ],
  [
    ({ useDeviceCode, password, servicePrincipal, username, identity }) =>
      useDeviceCode === true && isGiven(password, servicePrincipal, username, identity),
    "usage error: '--use-device-code' is not applicable with other arguments",
  ],
  [
    ({ useCertSnIssuer, servicePrincipal }) => useCertSnIssuer === true && servicePrincipal !== true,
    "usage error: '--use-sn-issuer' is only applicable with a service principal",
  ],
]

/** Checks the combination of flags. @throws CommandFailure */
export function checkFlags(flags: LoginFlags): void {
  const broken = rules.find(([isWrong]) => isWrong(flags))
  if (broken !== undefined) throw failure(broken[1])
  if (flags.username !== undefined && flags.servicePrincipal !== true)
    throw failure(
      'users sign in with a browser or a device code, not with a password on the command line',
      'run acrux login, or acrux login --use-device-code',
    )
}
