import type { Sealer } from '../platform/keys/sealing.ts'
import { type AdminPasswords, createAdminAccount } from './admin-account.ts'
import { type Registries, type RegistriesOptions, createRegistries } from './registries.ts'
import { type ResourceGroups, createResourceGroups } from './resource-groups.ts'
import { createResourcesStore } from './resources-store.ts'

/**
 * The ARM tree: subscriptions, resource groups, registries, and the admin account of each registry. Functions that write use the caller's
 * transaction, and mark the transaction as a change of authority.
 */
export interface Resources extends ResourceGroups, Registries, AdminPasswords {}

export type ResourcesOptions = RegistriesOptions & { readonly sealer: Sealer }

/** Creates the resources module. */
export function createResources({ sealer, ...options }: ResourcesOptions): Resources {
  const store = createResourcesStore(options.database)
  const { createPasswords, ...adminAccount } = createAdminAccount(store, sealer)
  const registries = createRegistries(options, store, createPasswords)
  return { ...adminAccount, ...registries, ...createResourceGroups(store, registries) }
}
