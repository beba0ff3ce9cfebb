import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { searchAssignments } from '../../role/assignments.ts'
import { applyChange } from '../permission/change.ts'
import {
  type AttachmentFlags,
  attachmentFlags,
  requireAttachedRegistry,
  requirePuller,
  serviceAccountOf,
} from './attachment.ts'
import { deleteFederated, findFederated, requireFederation } from './federation.ts'

type State = 'absent' | 'deleted' | 'would be deleted'

/** `acrux acr detach`. */
export const command = defineCommand<AttachmentFlags>({
  about: `
The command deletes the role assignment for pulls from this registry. With --service-account, the command keeps the role
assignment, and deletes the federated credential of the service account. The deletion of a role assignment takes effect
at the next request to the registry.`,
  flags: attachmentFlags,
  examples: [
    'acrux acr detach -n contoso --identity nodes --yes',
    'acrux acr detach -n contoso --identity web --service-account team/web --issuer https://cluster.example.com --yes',
  ],
  run: detach,
})

async function detach(flags: AttachmentFlags, context: CommandContext): Promise<unknown> {
  const serviceAccount = serviceAccountOf(flags)
  const registry = await requireAttachedRegistry(context, flags)
  const { account, id, role, name, loginServer } = registry
  const puller = await requirePuller(context, account, flags)
  const { objectId, clientId } = puller
  const base = { registry: name, loginServer, objectId, clientId: clientId ?? null }
  const gone: State = flags.dryRun === true ? 'would be deleted' : 'deleted'
  if (serviceAccount !== undefined) {
    const federation = requireFederation(puller)
    const found = await findFederated(account, federation, serviceAccount)
    if (found !== undefined && flags.dryRun !== true) {
      await context.confirm(`Delete the trust of ${objectId} in ${serviceAccount.subject}?`, flags.yes)
      await deleteFederated(account, federation, found.name)
    }
    const state: State = found === undefined ? 'absent' : gone
    return { ...base, serviceAccount: serviceAccount.subject, federatedCredential: state }
  }
  const assignments = await searchAssignments(account, { scope: id, objectId, role })
  if (assignments.length > 0 && flags.dryRun !== true) {
    await context.confirm(`Remove ${role} on ${name} from ${objectId}?`, flags.yes)
    for (const assignment of assignments) {
      const deleted = { id: String(assignment['id']), roleName: role, description: `remove ${role}` }
      await applyChange(registry, undefined, { kind: 'delete-assignment', ...deleted })
    }
  }
  const state: State = assignments.length === 0 ? 'absent' : gone
  return { ...base, role, roleAssignment: state }
}
