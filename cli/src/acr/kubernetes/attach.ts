import { defineCommand } from '../../command/command.ts'
import type { CommandContext } from '../../command/context.ts'
import { failure } from '../../command/failure.ts'
import { assignRole } from '../../role/assign.ts'
import { searchAssignments } from '../../role/assignments.ts'
import {
  type AttachedRegistry,
  type AttachmentFlags,
  type Puller,
  type ServiceAccount,
  attachmentFlags,
  requireAttachedRegistry,
  requirePuller,
  serviceAccountOf,
} from './attachment.ts'
import { addFederated, findFederated, requireFederation } from './federation.ts'

type Flags = AttachmentFlags & { readonly audience?: string }

type State = 'present' | 'created' | 'would be created'

/** `acrux acr attach`. */
export const command = defineCommand<Flags>({
  about: `
It assigns the role AcrPull, or Container Registry Repository Reader if the registry uses conditions, like az aks update
--attach-acr. With --service-account, the identity or the application also trusts the tokens of that service account, so that
pods pull without a stored secret. What exists already stays as it is.`,
  flags: [
    ...attachmentFlags,
    {
      flags: '--audience <audience>',
      description: 'with --service-account: the audience of its tokens. Default: the login server',
    },
  ],
  examples: [
    'acrux acr attach -n contoso --identity nodes',
    'acrux acr attach -n contoso --identity web --service-account team/web --issuer https://cluster.example.com --dry-run',
    'acrux acr attach -n contoso --app 11111111-2222-4333-8444-555555555555 --service-account team/web --issuer https://cluster.example.com --yes',
  ],
  prints: 'result',
  run: attach,
})

async function attach(flags: Flags, context: CommandContext): Promise<unknown> {
  const serviceAccount = serviceAccountOf(flags)
  const registry = await requireAttachedRegistry(context, flags)
  const puller = await requirePuller(context, registry.account, flags)
  const audience = flags.audience ?? registry.loginServer
  const hasRole = await isAssigned(registry, puller)
  const isUntrusted = serviceAccount !== undefined && !(await isTrusted(registry, puller, { serviceAccount, audience }))
  const missing = { role: !hasRole, trust: isUntrusted ? { serviceAccount, audience } : undefined }
  if (flags.dryRun !== true) await addMissing(context, { registry, puller, missing, yes: flags.yes })
  const added: State = flags.dryRun === true ? 'would be created' : 'created'
  return {
    registry: registry.name,
    loginServer: registry.loginServer,
    objectId: puller.objectId,
    clientId: puller.clientId ?? null,
    role: registry.role,
    roleAssignment: hasRole ? 'present' : added,
    ...trustDocument(serviceAccount && { serviceAccount, audience }, isUntrusted ? added : 'present'),
  }
}

/** A service account that is trusted, for an audience of its tokens. */
type Trust = { readonly serviceAccount: ServiceAccount; readonly audience: string }

function trustDocument(trust: Trust | undefined, state: State): object {
  return trust === undefined
    ? { serviceAccount: null, audience: null, federatedCredential: null }
    : { serviceAccount: trust.serviceAccount.subject, audience: trust.audience, federatedCredential: state }
}

type Addition = {
  readonly registry: AttachedRegistry
  readonly puller: Puller
  readonly missing: { readonly role: boolean; readonly trust: Trust | undefined }
  readonly yes: true | undefined
}

/** Adds what is missing, after a confirmation. */
async function addMissing(context: CommandContext, { registry, puller, missing, yes }: Addition): Promise<void> {
  const { role, trust } = missing
  if (!role && trust === undefined) return
  await context.confirm(question(registry, puller, trust?.serviceAccount), yes)
  if (trust !== undefined)
    await addFederated(registry.account, requireFederation(puller), trust.serviceAccount, trust.audience)
  if (role) await assignPull(registry, puller)
}

async function isAssigned({ account, id, role }: AttachedRegistry, { objectId }: Puller): Promise<boolean> {
  return (await searchAssignments(account, { scope: id, objectId, role })).length > 0
}

async function isTrusted(
  { account }: AttachedRegistry,
  puller: Puller,
  { serviceAccount, audience }: Trust,
): Promise<boolean> {
  const found = await findFederated(account, requireFederation(puller), serviceAccount)
  if (found === undefined || found.audience === audience) return found !== undefined
  throw failure(
    `the federated credential ${found.name} trusts the service account for the audience ${found.audience}, and not for ${audience}`,
    `delete it with acrux acr detach, or add --audience ${found.audience}`,
  )
}

async function assignPull({ account, id, role }: AttachedRegistry, { objectId }: Puller): Promise<void> {
  await assignRole(account, { scope: id, role, principal: { id: objectId, type: 'ServicePrincipal' } })
}

function question({ name, role }: AttachedRegistry, { objectId }: Puller, trusted: ServiceAccount | undefined): string {
  const trust = trusted === undefined ? '' : `, and let it trust ${trusted.subject} of ${trusted.issuer}`
  return `Assign ${role} on ${name} to ${objectId}${trust}?`
}
