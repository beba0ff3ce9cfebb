import { arm, expectStatus } from '../harness/arm.ts'
import { at, listAt, stringAt } from '../harness/json.ts'
import type { RunningServer } from '../harness/server.ts'

/** A method and a path template of the server. */
export interface Route {
  readonly id: string
  readonly method: string
  /** Places are in braces. */
  readonly path: string
  /** The surface that answers, as the document names it. */
  readonly surface: string
  /** Whether the document describes a body of the request. */
  readonly readsBody: boolean
}

/** Every route, as the document lists them that the server makes of its own tables. */
export async function routesOf(server: RunningServer): Promise<readonly Route[]> {
  const document = expectStatus(await arm(server, 'GET', '/openapi.json'), 200).json()
  const paths = at(document, 'paths')
  if (typeof paths !== 'object' || paths === null) throw new Error('the document lists no paths')
  return Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations as object).map(([method, operation]) => ({
      id: stringAt(operations, method, 'operationId'),
      method: method.toUpperCase(),
      path,
      surface: String(listAt(operation, 'tags')[0]),
      readsBody: at(operation, 'requestBody') !== undefined,
    })),
  )
}
