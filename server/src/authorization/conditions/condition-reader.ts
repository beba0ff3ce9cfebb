import { LRUCache } from 'lru-cache'
import type { RoleCondition } from '@acrux/shared/standards/conditions/role-condition.ts'
import { parseRoleCondition } from '@acrux/shared/standards/conditions/role-condition-parser.ts'

/** The condition of a role assignment. An unreadable condition is never met. */
export type ReadCondition = RoleCondition | 'none' | 'unreadable'

/**
 * How many characters of parsed conditions are cached, across all revisions of authority. Parsing a condition takes 12
 * µs.
 */
const maxCachedCharacters = 16_000_000

/** Creates a parser of conditions with a cache. Unsupported conditions are unreadable, which is not an error. */
export function createConditionReader(): (text: string | null) => ReadCondition {
  const parsed = new LRUCache<string, RoleCondition | 'unreadable'>({
    maxSize: maxCachedCharacters,
    sizeCalculation: (_condition, text) => 1 + text.length,
    memoMethod: (text) => {
      const reading = parseRoleCondition(text)
      return 'condition' in reading ? reading.condition : 'unreadable'
    },
  })
  return (text) => (text === null ? 'none' : parsed.memo(text))
}
