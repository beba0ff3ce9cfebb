import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { searchAssignments } from '../../role/assignments.ts'
import { type PermissionChange, applyChange } from '../permission/change.ts'
import { planPullFromAll } from '../permission/directory-plan.ts'
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

type State = 'present' | 'created' | 'changed' | 'would be created' | 'would be changed'

/** `acrux acr attach`. */
export const command = defineCommand<Flags>({
  about: `
Like az aks update --attach-acr, the command assigns the role AcrPull, or Container Registry Repository Reader if the
registry uses conditions. If an existing role assignment contains a condition, the command removes the condition, so
that the role allows pulls from all repositories. With --service-account, the identity or the application also trusts
the tokens of the service account, so that pods pull without a stored secret. The command changes nothing except the
role assignment and the federated credential.`,
  flags: [
    ...attachmentFlags,
    {
      flags: '--audience <audience>',
      description: "with --service-account: the audience of the service account's tokens. Default: the login server",
    },
  ],
  examples: [
    'acrux acr attach -n contoso --identity nodes',
    'acrux acr attach -n contoso --identity web --service-account team/web --issuer https://cluster.example.com --dry-run',
    'acrux acr attach -n contoso --app 11111111-2222-4333-8444-555555555555 --service-account team/web --issuer https://cluster.example.com --yes',
  ],
  run: attach,
})

async function attach(flags: Flags, context: CommandContext): Promise<unknown> {
  const serviceAccount = serviceAccountOf(flags)
  const registry = await requireAttachedRegistry(context, flags)
  const puller = await requirePuller(context, registry.account, flags)
  const audience = flags.audience ?? registry.loginServer
  const changes = await roleChanges(registry, puller)
  const isUntrusted = serviceAccount !== undefined && !(await isTrusted(registry, puller, { serviceAccount, audience }))
  const missing = { changes, trust: isUntrusted ? { serviceAccount, audience } : undefined }
  if (flags.dryRun !== true) await addMissing(context, { registry, puller, missing, yes: flags.yes })
  const isDone = flags.dryRun !== true
  return {
    registry: registry.name,
    loginServer: registry.loginServer,
    objectId: puller.objectId,
    clientId: puller.clientId ?? null,
    role: registry.role,
    roleAssignment: stateOf(changes[0]?.kind, isDone),
    ...trustDocument(
      serviceAccount && { serviceAccount, audience },
      stateOf(isUntrusted ? 'create' : undefined, isDone),
    ),
  }
}

/** Describes what a change did, or would do. Without a change, reports that nothing was missing. */
function stateOf(kind: string | undefined, isDone: boolean): State {
  if (kind === undefined) return 'present'
  if (kind.startsWith('create')) return isDone ? 'created' : 'would be created'
  return isDone ? 'changed' : 'would be changed'
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
  readonly missing: { readonly changes: readonly PermissionChange[]; readonly trust: Trust | undefined }
  readonly yes: true | undefined
}

/** Adds the missing parts, after a confirmation. */
async function addMissing(context: CommandContext, { registry, puller, missing, yes }: Addition): Promise<void> {
  const { changes, trust } = missing
  if (changes.length === 0 && trust === undefined) return
  await context.confirm(question(registry, puller, trust?.serviceAccount), yes)
  if (trust !== undefined)
    await addFederated(registry.account, requireFederation(puller), trust.serviceAccount, trust.audience)
  for (const change of changes) await applyChange(registry, { id: puller.objectId, type: 'ServicePrincipal' }, change)
}

/**
 * The permissions that the role for pulls lacks. Roles at other scopes and of groups are not considered, as for az.
 *
 */
async function roleChanges(registry: AttachedRegistry, { objectId }: Puller): Promise<PermissionChange[]> {
  const { account, id: scope, role } = registry
  const [present] = await searchAssignments(account, { scope, objectId, role })
  if (present === undefined) return planPullFromAll(registry, undefined)
  const condition = typeof present['condition'] === 'string' ? present['condition'] : null
  return planPullFromAll(registry, { id: String(present['id']), roleName: role, condition })
}

async function isTrusted(
  { account }: AttachedRegistry,
  puller: Puller,
  { serviceAccount, audience }: Trust,
): Promise<boolean> {
  const found = await findFederated(account, requireFederation(puller), serviceAccount)
  if (found === undefined || found.audience === audience) return found !== undefined
  throw failure(
    `the federated credential ${found.name} trusts the service account for the audience ${found.audience}, not for ${audience}`,
    `delete it with acrux acr detach, or add --audience ${found.audience}`,
  )
}

function question({ name, role }: AttachedRegistry, { objectId }: Puller, trusted: ServiceAccount | undefined): string {
  const trust =
    trusted === undefined ? '' : `, and allow this principal to trust ${trusted.subject} of ${trusted.issuer}`
  return `Assign ${role} on ${name} to ${objectId}${trust}?`
}
