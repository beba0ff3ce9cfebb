/** Why the directory denies a change: the request is invalid, or the present state does not allow it. */
export type DirectoryRejection = 'invalid' | 'no-application' | 'quota' | 'forbidden' | 'not-found' | 'conflict'

/** The directory denies a change. A surface may send the message to the client. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError'
  readonly rejection: DirectoryRejection

  constructor(rejection: DirectoryRejection, message: string, options?: ErrorOptions) {
    super(message, options)
    this.rejection = rejection
  }
}

/** @throws DirectoryError for a managed identity, because it has no secrets and is deleted with its resource */
export function denyManaged({ managed }: { readonly managed: object | undefined }): void {
  if (managed === undefined) return
  const text = 'A managed identity has no credentials, and is deleted with the resource of the managed identity.'
  throw new DirectoryError('invalid', text)
}

/** The directory contains no object of this kind with the id. */
export function resourceNotFound(idOrName: string): DirectoryError {
  return new DirectoryError(
    'not-found',
    `Resource '${idOrName.slice(0, 256)}' does not exist or one of its queried reference-property objects are not present.`,
  )
}

/** The principal is already a member or owner. */
export function alreadyReferenced(property: string): DirectoryError {
  const text = `One or more added object references already exist for the following modified properties: '${property}'.`
  return new DirectoryError('invalid', text)
}

/** Another user already has the name. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError'
  constructor(name: string) {
    super(`the name ${name} is already in use`)
  }
}
