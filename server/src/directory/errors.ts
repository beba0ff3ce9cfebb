type GraphErrorRow = { readonly status: number; readonly code: string }

/** Every refusal of the Graph surface: its status, and the code that clients read. [Microsoft Graph, error codes] */
// prettier-ignore
const graphErrors = {
  unauthenticated: { status: 401, code: 'InvalidAuthenticationToken' },
  denied:          { status: 403, code: 'Authorization_RequestDenied' },
  badRequest:      { status: 400, code: 'Request_BadRequest' },
  notDelegated:    { status: 400, code: 'BadRequest' },
  unsupported:     { status: 400, code: 'Request_UnsupportedQuery' },
  noApplication:   { status: 400, code: 'NoBackingApplicationObject' },
  quota:           { status: 400, code: 'Directory_QuotaExceeded' },
  notFound:        { status: 404, code: 'Request_ResourceNotFound' },
  noRoute:         { status: 404, code: 'ResourceNotFound' },
  conflict:        { status: 409, code: 'Request_MultipleObjectsWithSameKeyValue' },
  tooLarge:        { status: 413, code: 'Request_EntityTooLarge' },
  notJson:         { status: 415, code: 'UnsupportedMediaType' },
  internal:        { status: 500, code: 'InternalServerError' },
} as const satisfies Record<string, GraphErrorRow>

export type GraphErrorKind = keyof typeof graphErrors

/** A refusal of the Graph surface; the message is for the client. */
export class GraphError extends Error {
  override readonly name = 'GraphError'
  readonly status: number
  readonly code: string

  constructor(kind: GraphErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.status = graphErrors[kind].status
    this.code = graphErrors[kind].code
  }
}

/** What az prints when somebody lacks a right on the directory. It looks for the words "insufficient privileges". */
export function insufficientPrivileges(): GraphError {
  return new GraphError('denied', 'Insufficient privileges to complete the operation.')
}

/** A request without a token, or with one that does not hold. */
export function unauthenticated(): GraphError {
  return new GraphError('unauthenticated', 'Access token validation failure.')
}

/** A managed identity has no secrets, and is deleted by deleting its resource. @throws GraphError for one */
export function refuseManaged({ managed_kind }: { readonly managed_kind: string | null }): void {
  if (managed_kind === null) return
  const text = 'A managed identity has no credentials, and is deleted with the resource that it belongs to.'
  throw new GraphError('badRequest', text)
}

/** There is no such object, or no such object of this kind. */
export function resourceNotFound(id: string): GraphError {
  return new GraphError(
    'notFound',
    `Resource '${id}' does not exist or one of its queried reference-property objects are not present.`,
  )
}

/** A member or owner that is to be added is one already. */
export function alreadyReferenced(property: string): GraphError {
  const text = `One or more added object references already exist for the following modified properties: '${property}'.`
  return new GraphError('badRequest', text)
}

/** Another user has the name already. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError'
  constructor(name: string) {
    super(`the name ${name} is taken`)
  }
}
