/** Why the directory does not do what it was asked: what was said is wrong, or what there is does not allow it. */
export type DirectoryRefusal = 'invalid' | 'no-application' | 'quota' | 'forbidden' | 'not-found' | 'conflict'

/** A refusal of the directory; the message is for whoever asked, at whichever surface. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError'
  readonly refusal: DirectoryRefusal

  constructor(refusal: DirectoryRefusal, message: string, options?: ErrorOptions) {
    super(message, options)
    this.refusal = refusal
  }
}

/** A managed identity has no secrets, and is deleted by deleting its resource. @throws DirectoryError for one */
export function refuseManaged({ managed_kind }: { readonly managed_kind: string | null }): void {
  if (managed_kind === null) return
  const text = 'A managed identity has no credentials, and is deleted with the resource that it belongs to.'
  throw new DirectoryError('invalid', text)
}

/** There is no such object, or no such object of this kind. */
export function resourceNotFound(idOrName: string): DirectoryError {
  return new DirectoryError(
    'not-found',
    `Resource '${idOrName.slice(0, 256)}' does not exist or one of its queried reference-property objects are not present.`,
  )
}

/** A member or owner that is to be added is one already. */
export function alreadyReferenced(property: string): DirectoryError {
  const text = `One or more added object references already exist for the following modified properties: '${property}'.`
  return new DirectoryError('invalid', text)
}

/** Another user has the name already. */
export class NameTakenError extends Error {
  override readonly name = 'NameTakenError'
  constructor(name: string) {
    super(`the name ${name} is taken`)
  }
}
