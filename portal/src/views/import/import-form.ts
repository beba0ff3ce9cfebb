import type { ImportOrder } from '../../api/registry-arm.ts'

/** The values in the address: the running import, and the name that the image gets. */
export type ImportSearch = { readonly operation?: string; readonly target?: string }

const operationPattern =
  /^\/subscriptions\/[0-9a-f-]{36}\/providers\/Microsoft\.ContainerRegistry\/locations\/[A-Za-z0-9]+\/operationResults\/registries-[0-9a-f-]{36}$/i
const imagePattern =
  /^[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*(?::[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}|@sha256:[0-9a-f]{64})?$/
const targetPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+|\/)[a-z0-9]+)*:[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/
const hostPattern = /^[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?$/

/** Reads the address. A value that is not an operation of the server is ignored. */
export function parseImportSearch({ operation, target }: Record<string, unknown>): ImportSearch {
  return {
    ...(typeof operation === 'string' && operationPattern.test(operation) && { operation }),
    ...(typeof target === 'string' && targetPattern.test(target) && { target }),
  }
}

/** The fields of the form as they are typed. */
export type ImportForm = {
  readonly source: string
  readonly image: string
  readonly target: string
  readonly user: string
  readonly password: string
  readonly force: boolean
}

export const emptyForm: ImportForm = { source: '', image: '', target: '', user: '', password: '', force: false }

/** Whether the fields name an image and a target. */
export function isComplete({ source, image, target }: ImportForm): boolean {
  return hostPattern.test(source) && imagePattern.test(image) && targetPattern.test(target)
}

/** The import that the fields describe. */
export function orderOf({ source, image, target, user, password, force }: ImportForm): ImportOrder {
  const credentials = { password, ...(user !== '' && { username: user }) }
  return { registryUri: source, sourceImage: image, target, force, ...(password !== '' && { credentials }) }
}

/** The command that does the same, once the fields are complete; before that an example. */
export function importCommand(registryName: string, form: ImportForm): string {
  const { source, image, target, force } = isComplete(form)
    ? form
    : { source: 'docker.io', image: 'library/alpine:3.20', target: 'mirror/alpine:3.20', force: false }
  return `az acr import --name ${registryName} --source ${source}/${image} --image ${target}${force ? ' --force' : ''}`
}
