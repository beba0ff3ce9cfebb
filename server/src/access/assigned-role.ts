import type { RoleCondition } from '../standards/conditions/role-condition.ts'
import { type AssignmentFacts, evaluateRoleCondition } from '../standards/conditions/role-condition-evaluation.ts'
import { parseRoleCondition } from '../standards/conditions/role-condition-parser.ts'
import { permitsAction, permitsDataAction } from '../standards/azure/role-permissions.ts'
import type { GivenRole } from './role-reader.ts'
import type { RoleAssignment } from './model.ts'

/** What a role must permit: an action of the management API, or one on the content of a registry. */
export type ActionNeed = { readonly kind: 'action' | 'data-action'; readonly name: string }

/** A role as it was given to somebody, ready for decisions. */
export type AssignedRole = {
  readonly assignment: Pick<RoleAssignment, 'name' | 'scope' | 'roleDefinitionName' | 'principalId' | 'principalType'>
  /** Undefined where there is no such role any more. */
  readonly role: GivenRole | undefined
  readonly conditionText: string | null
  readonly condition: RoleCondition | 'none' | 'unreadable'
}

/** What an assignment says about a need, as the first of its checks that failed. */
export type Verdict =
  | 'allows'
  | 'role-is-gone'
  | 'role-lacks-action'
  | 'condition-is-unreadable'
  | 'condition-is-not-met'
  /** The condition asks for what is not known here, which is as if it were not met. */
  | 'condition-cannot-be-evaluated'

/** What one assignment says: the decision, and what explains it. `repository` is undefined for what concerns none. */
export function judge(
  { role, condition }: AssignedRole,
  need: ActionNeed,
  repository: string | undefined,
  assignment?: AssignmentFacts,
): Verdict {
  if (role === undefined) return 'role-is-gone'
  if (!permits(role, need)) return 'role-lacks-action'
  if (condition === 'none') return 'allows'
  if (condition === 'unreadable') return 'condition-is-unreadable'
  const met = evaluateRoleCondition(condition, { action: need.name, repository, assignment })
  if (met === undefined) return 'condition-cannot-be-evaluated'
  return met ? 'allows' : 'condition-is-not-met'
}

/** Whether a role permits what is needed. */
export function permits({ permissions }: GivenRole, { kind, name }: ActionNeed): boolean {
  return kind === 'action' ? permitsAction(permissions, name) : permitsDataAction(permissions, name)
}

/** How many characters of conditions are kept with their meaning: each is read once, not once a revision. */
const keptCharacters = 16_000_000

/** Reads conditions, and keeps what was read. One that is not served gives no right, and is not an error. */
export function createConditionReader(): (text: string | null) => AssignedRole['condition'] {
  const known = new Map<string, RoleCondition | 'unreadable'>()
  let characters = 0
  return (text) => {
    if (text === null) return 'none'
    const kept = known.get(text)
    if (kept !== undefined) return kept
    const reading = parseRoleCondition(text)
    const condition = 'condition' in reading ? reading.condition : 'unreadable'
    characters += text.length
    if (characters > keptCharacters) {
      known.clear()
      characters = text.length
    }
    known.set(text, condition)
    return condition
  }
}
