declare const brand: unique symbol

/** A registry's name, in the case in which it was written. Names that differ only in case are the same. */
export type RegistryName = string & { readonly [brand]: 'RegistryName' }

const pattern = /^[a-zA-Z0-9]{5,50}$/

/** Parses a registry's name by ARM's rules. [azure-mgmt-containerregistry, registryName] */
export function parseRegistryName(text: string): RegistryName | undefined {
  return isRegistryName(text) ? text : undefined
}

function isRegistryName(text: string): text is RegistryName {
  return pattern.test(text)
}
