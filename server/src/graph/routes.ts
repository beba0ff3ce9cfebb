import { applicationRoutes } from './applications/routes.ts'
import { peopleRoutes } from './people/routes.ts'
import type { GraphRow } from './surface/route.ts'

/** The route table of the Graph surface. Paths are relative to `/graph/v1.0`. */
export const rows: readonly GraphRow[] = [...peopleRoutes, ...applicationRoutes]
