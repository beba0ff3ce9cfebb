/** The image that an event of the audit log names. */
export type ImageTarget = { readonly registry: string; readonly repository: string; readonly reference: string }

const pattern = /^([^/]+)\/([^:@]+)(?::([A-Za-z0-9_][A-Za-z0-9._-]*)|@(sha(?:256|512):[0-9a-f]{64,128}))$/

/** Reads `loginServer/repository:tag` or `loginServer/repository@digest`. */
export function parseImageTarget(target: string): ImageTarget | undefined {
  const [, registry, repository, tag, digest] = pattern.exec(target) ?? []
  const reference = tag ?? digest
  if (registry === undefined || repository === undefined || reference === undefined) return undefined
  return { registry, repository, reference }
}
