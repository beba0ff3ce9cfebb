import type { ManagementCall } from './arm/context.ts'
import type { ManagementContext } from './context.ts'
import type { z } from 'zod'
import type { DocumentOf } from '../platform/http/api-schema.ts'
import type { RouteCost } from '../platform/http/route-cost.ts'
import type { ResponseSchema } from '../platform/http/surface.ts'
import type { ChangeColumns } from '../platform/http/change-columns.ts'
import type { CallerNeed } from './arm/need.ts'

/**
 * A handler of the ARM surface, the schema of its 2xx responses, and, if it may change something, the schema of its request
 * body. It returns the body of the response, or undefined if the response has none; `call.reply.code` sets a status other than
 * 200.
 */
type ManagementHandler = ((context: ManagementContext, call: ManagementCall) => Promise<unknown>) & {
  readonly body?: z.ZodType | 'none'
  readonly response: ResponseSchema
}

/** The handler itself, if it returns what its response schema describes; otherwise a type that it does not have. */
type WellTyped<Handler extends ManagementHandler> =
  Awaited<ReturnType<Handler>> extends Returned<Handler['response']> ? Handler : { readonly response: never }

type Returned<Response extends ResponseSchema> =
  (Response extends z.ZodType ? DocumentOf<Response> : never) | undefined | void

/** The columns of a row. The body is a property of the handler, which reads it. */
type Columns = ChangeColumns<
  'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  { readonly handle: { readonly body: z.ZodType | 'none' } },
  object
>

/** A route that needs an authenticated caller. */
export type ManagementRow<Handler extends ManagementHandler = ManagementHandler> = Columns & {
  readonly id: string
  readonly path: string
  readonly need: CallerNeed
  readonly cost: RouteCost
  readonly handle: Handler & WellTyped<Handler>
  /** Whether it starts work that continues after its response; otherwise, such work fails. */
  readonly defers?: true
  /** Whether it answers several requests of its caller. */
  readonly isBatch?: true
  /** Whether it reads `$filter`; every other route rejects one. */
  readonly filtered?: true
  /** Whether it reads `$top` and `$skiptoken` itself; every other list is paged by its ids. */
  readonly paged?: true
  /** Whether it is not one of ARM's, so that it needs no `api-version`. */
  readonly versionless?: true
}

/** Rows whose handlers return what their response schemas describe; others do not compile. */
export function table<const Handlers extends readonly ManagementHandler[]>(
  typed: readonly [...{ [Index in keyof Handlers]: ManagementRow<Handlers[Index]> }],
): readonly ManagementRow[] {
  return typed as readonly unknown[] as readonly ManagementRow[]
}

/** A role that allows the action at the scope of the path. */
export const action = (name: string): CallerNeed => ({ kind: 'action', action: name })
/** Any role around the scope of the path. */
export const anyRole = (name: string): CallerNeed => ({ kind: 'any-role', action: name })
/** A list of the resources on which a role allows the action. */
export const listed = (name: string): CallerNeed => ({ kind: 'signed-in', shows: name })
