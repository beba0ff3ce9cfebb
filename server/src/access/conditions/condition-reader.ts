import type { RoleCondition } from '../../standards/conditions/role-condition.ts'
import { parseRoleCondition } from '../../standards/conditions/role-condition-parser.ts'

/** The condition of a role assignment. An unreadable condition is never met. */
export type ReadCondition = RoleCondition | 'none' | 'unreadable'

/** How many characters of parsed conditions are cached, across all revisions of authority. */
const maxCachedCharacters = 16_000_000

/** Creates a parser of conditions with a cache. Unsupported conditions are unreadable, which is not an error. */
export function createConditionReader(): (text: string | null) => ReadCondition {
  const cached = new Map<string, RoleCondition | 'unreadable'>()
  let characters = 0
  return (text) => {
    if (text === null) return 'none'
    const known = cached.get(text)
    if (known !== undefined) return known
    const reading = parseRoleCondition(text)
    const condition = 'condition' in reading ? reading.condition : 'unreadable'
    characters += text.length
    if (characters > maxCachedCharacters) {
      cached.clear()
      characters = text.length
    }
    cached.set(text, condition)
    return condition
  }
}
