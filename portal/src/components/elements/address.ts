import { isGuid } from '@acrux/shared/standards/azure/guid.ts'
import { parseLoginServer } from '@acrux/shared/standards/azure/login-server.ts'
import { parseRegistryName } from '@acrux/shared/standards/azure/registry-name.ts'
import { parseDigest } from '@acrux/shared/standards/oci/digest.ts'
import { parseReference } from '@acrux/shared/standards/oci/reference.ts'
import { parseRepositoryName } from '@acrux/shared/standards/oci/repository-name.ts'

/* The forms of the names in addresses. The views show commands with them, and anyone can make a link. */

const forms = {
  registry: (text: string) => parseRegistryName(text) !== undefined,
  /** As in old addresses. */
  loginServer: (text: string) => parseLoginServer(text) === text,
  repository: (text: string) => parseRepositoryName(text) !== undefined,
  /** A tag or digest. */
  reference: (text: string) => parseReference(text) !== undefined,
  /** An object of the directory, or a denied request. */
  id: isGuid,
}

/** The names in an address. */
export type AddressNames = { readonly [Name in keyof typeof forms]?: string }

/** Whether each name of an address has the form of its kind. */
export function isAddress(names: AddressNames): boolean {
  return Object.entries(forms).every(([kind, isValid]) => {
    const name = names[kind as keyof AddressNames]
    return name === undefined || isValid(name)
  })
}

/** Whether a text is a digest, so that a link can name it. */
export const isDigest = (text: string) => parseDigest(text) !== undefined
