import { parseImageName } from '@acrux/shared/standards/oci/image-name.ts'
import type { ImportOrder } from '../../api/registry-arm.ts'
import { searchOf, textThat } from '../../components/elements/search-params.ts'

const operationPattern =
  /^\/subscriptions\/[0-9a-f-]{36}\/providers\/Microsoft\.ContainerRegistry\/locations\/[A-Za-z0-9]+\/operationResults\/registries-[0-9a-f-]{36}$/i
const hostPattern = /^[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]{1,5})?$/

const isTarget = (text: string) => parseImageName(text)?.reference?.kind === 'tag'

/** Reads the address: the running import, an operation of the server, and the name that the image gets. */
export const parseImportSearch = searchOf({
  operation: textThat((text) => operationPattern.test(text)),
  target: textThat(isTarget),
})

/** The values in the address of an import. */
export type ImportSearch = ReturnType<typeof parseImportSearch>

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
  return hostPattern.test(source) && parseImageName(image) !== undefined && isTarget(target)
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
