import type { z } from 'zod'
import type { RouteCost } from '../../platform/http/route-cost.ts'
import type { ChangeColumns } from '../../platform/http/change-columns.ts'
import type { ResponseSchema } from '../../platform/http/surface.ts'
import { readBody } from './body.ts'
import type { GraphCall, GraphContext } from './context.ts'
import type { ResponseOf } from './response.ts'

/**
 * What a caller must have:
 * - `visible`: any authenticated principal. The handler shows only the caller's own objects, or all to owners and readers
 *   of the directory.
 * - `self`: any authenticated principal. The handler changes only what belongs to the caller.
 * - `application-owner`: an owner of the application in the path, or of the directory.
 * - `group-owner`: an owner of the group in the path, or of the directory.
 * - `directory-owner`: an owner of the directory.
 */
export type GraphNeed = 'visible' | 'self' | 'application-owner' | 'group-owner' | 'directory-owner'

/**
 * A handler of the Graph surface, by the schemas of its response and of its request body. `readBody` parses the body.
 * It throws GraphError `Request_BadRequest` if the body does not match.
 */
export type GraphHandler<Response extends ResponseSchema, Body extends z.ZodType = z.ZodUndefined> = (
  context: GraphContext,
  call: GraphCall & { readonly readBody: () => z.output<Body> },
) => Promise<ResponseOf<Response>>

type Description<Body, Response> = ChangeColumns<
  'GET' | 'POST' | 'PATCH' | 'DELETE',
  { readonly body: Body | 'none' }
> & {
  readonly id: string
  readonly path: string
  readonly need: GraphNeed
  readonly cost: RouteCost
  readonly response: Response
  /** Whether it answers several requests of its caller. */
  readonly isBatch?: true
}

/** A row of the table of the Graph surface. */
export type GraphRow = Description<z.ZodType, ResponseSchema> & {
  readonly handle: (context: GraphContext, call: GraphCall) => Promise<unknown>
}

/** A row whose handler matches its schemas. A response without a body has the status 204. */
export function graphRow<Response extends ResponseSchema, Body extends z.ZodType = z.ZodUndefined>(
  row: Description<Body, Response> & { readonly handle: GraphHandler<Response, Body> },
): GraphRow {
  const { handle, body, response } = row
  return {
    ...row,
    handle: async (context, call) => {
      const parse = () =>
        (body === undefined || body === 'none' ? undefined : readBody(body, call.request.body)) as z.output<Body>
      const document = await handle(context, { ...call, readBody: parse })
      return response === 'none' ? call.reply.code(204).send() : document
    },
  }
}
