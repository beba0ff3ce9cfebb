import { applicationRoutes } from './applications/routes.ts'
import { peopleRoutes } from './people/routes.ts'
import { batchBody, batchSchema, sendBatch } from './protocol/batch.ts'
import { type GraphRow, graphRow } from './protocol/route.ts'

/** The route table of the Graph surface. Paths are relative to `/graph/v1.0`. */
export const rows: readonly GraphRow[] = [
  ...peopleRoutes,
  ...applicationRoutes,
  graphRow({
    id: 'graph.batch',
    method: 'POST',
    path: '/$batch',
    need: 'visible',
    cost: 'small',
    stepUp: 'no: the request only reads data',
    isBatch: true,
    body: batchBody,
    response: batchSchema,
    handle: sendBatch,
  }),
]
