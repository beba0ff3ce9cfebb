declare const brand: unique symbol

/** A registry's name in the case it was given; two names that differ only in case are the same registry's. */
export type RegistryName = string & { readonly [brand]: 'RegistryName' }

const pattern = /^[a-zA-Z0-9]{5,50}$/

/** Takes `text` for a registry's name if ARM would. [azure-mgmt-containerregistry, registryName] */
export function parseRegistryName(text: string): RegistryName | undefined {
  return isRegistryName(text) ? text : undefined
}

function isRegistryName(text: string): text is RegistryName {
  return pattern.test(text)
}
