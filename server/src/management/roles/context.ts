import type { Decisions } from '../../authorization/index.ts'
import type { Directory } from '../../directory/index.ts'
import type { ArmContext } from '../arm/context.ts'

/** What the handlers of role definitions, role assignments and decisions use. */
export type RolesContext = ArmContext & {
  readonly decisions: Decisions
  readonly directory: Pick<Directory, 'hasPrincipal' | 'externalPrincipals'>
}
