import { askArm } from '../../../clients/arm/arm.ts'
import { defineCommand } from '../../../framework/command/command.ts'
import type { CommandContext } from '../../../framework/command/context.ts'
import { failure } from '../../../framework/command/failure.ts'
import { type SubscriptionFlags, subscriptionFlag } from '../../../framework/options/flags.ts'
import { readJson } from '../../../framework/options/read-value.ts'
import { documentOf, valueAt, withResourceGroup } from '../../../framework/values/shape.ts'
import { assignmentUrl } from '../assignments.ts'
import { roleAssignment } from '../documents.ts'
import { requireScopeAccount } from '../scope.ts'

type Flags = SubscriptionFlags & { readonly roleAssignment: string }

/** `acrux role assignment update`. */
export const command = defineCommand<Flags>({
  about: `
The JSON is an assignment from the output of acrux role assignment list, with a changed condition or description. The
command removes values that the JSON does not contain.`,
  flags: [
    {
      flags: '--role-assignment <json>',
      description: 'a file with the assignment as JSON, or the JSON itself',
      required: true,
    },
    subscriptionFlag,
  ],
  examples: ['acrux role assignment update --role-assignment assignment.json'],
  run: update,
})

/** The properties of the JSON that acrux sends. ARM ignores other properties. */
const sentNames = [
  'roleDefinitionId',
  'principalId',
  'principalType',
  'description',
  'condition',
  'conditionVersion',
  'delegatedManagedIdentityResourceId',
]

async function update(flags: Flags, context: CommandContext): Promise<unknown> {
  const json = await readJson(flags.roleAssignment)
  const wanted = (name: string): unknown => json[name] ?? valueAt(json, `properties.${name}`)
  const [scope, name] = [wanted('scope'), wanted('name')]
  if (typeof scope !== 'string' || typeof name !== 'string')
    throw failure(
      'the JSON contains no scope or no name of the assignment',
      'print the assignment: acrux role assignment list',
    )
  const account = await requireScopeAccount(context, { ...flags, scope })
  const url = assignmentUrl(scope, name)
  const present = documentOf(roleAssignment, await askArm(account, { method: 'GET', url }))
  const hasVersion = (version: unknown, major: string): boolean => String(version).startsWith(major)
  if (hasVersion(present['conditionVersion'], '2.') && hasVersion(wanted('conditionVersion'), '1.'))
    throw failure("Condition version cannot be downgraded to '1.X'.")
  const properties = Object.fromEntries(sentNames.map((each) => [each, wanted(each) ?? undefined]))
  const body = { properties: { ...properties, principalType: properties['principalType'] ?? present['principalType'] } }
  return withResourceGroup(documentOf(roleAssignment, await askArm(account, { method: 'PUT', url, body })))
}
