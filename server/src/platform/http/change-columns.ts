import type { z } from 'zod'

/**
 * The type of the body that a route reads: a document of the schema, any JSON, a form, bytes, a stream that is never
 * completely in memory, or no body.
 */
export type RequestBody = z.ZodType | 'json' | 'form' | 'bytes' | 'stream' | 'none'

/**
 * Whether a person in the portal must have authenticated within the last minutes. If not, the value states why the
 * route needs no step-up.
 */
export type StepUp =
  | true
  | 'no: the request only reads data'
  | 'no: the request grants no access and adds no content'
  | 'no: the request starts work that deletes no content'
  | 'no: the request only ends a session or revokes access'
  | 'no: the request requires the password'

/**
 * The columns that depend on the method of a row. There are no defaults: a route that can change data does not compile
 * without a decision about its step-up and its body. `Reads` describes the body, in the property `body`. A route with
 * `denies` rejects every request, so the route needs no such decision.
 */
export type ChangeColumns<
  Method extends string,
  Reads = { readonly body: RequestBody },
  ReadsNothing = { readonly body?: never },
> =
  | ({
      readonly method: Extract<Method, 'GET' | 'HEAD'>
      readonly stepUp?: never
      readonly denies?: true
    } & ReadsNothing)
  | ({
      readonly method: Extract<Method, 'DELETE'>
      readonly stepUp: StepUp
      readonly denies?: never
    } & ReadsNothing)
  | ({
      readonly method: Exclude<Method, 'GET' | 'HEAD' | 'DELETE'>
      readonly stepUp: StepUp
      readonly denies?: never
    } & Reads)
  | ({
      readonly method: Exclude<Method, 'GET' | 'HEAD'>
      readonly stepUp?: never
      readonly denies: true
    } & ReadsNothing)
