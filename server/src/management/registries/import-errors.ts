import type { Registry } from '../../resources/index.ts'
import { isRestricted } from '@acrux/shared/standards/azure/network-rules.ts'
import { ArmError } from '../arm/errors.ts'

/** The error for a request that names no image, or no target. */
export function badImport(why: string): ArmError {
  return new ArmError('invalidContent', `The request content was invalid: ${why}.`)
}

/**
 * An import accesses registries as one of the trusted services, which may bypass network rules if
 * `networkRuleBypassOptions` allows it. [ACR, allow-access-trusted-services; the code: MicrosoftDocs/azure-docs#115975]
 */
export function isOpenToImports(registry: Registry): boolean {
  return registry.networkRuleBypassOptions === 'AzureServices' || !isRestricted(registry)
}

/** @throws ArmError if the network rules deny imports */
export function requireOpenToImports(registry: Registry): void {
  if (isOpenToImports(registry)) return
  const message = `The network rules of the registry ${registry.name} deny imports while networkRuleBypassOptions is None.`
  throw new ArmError('importFailed', message)
}
