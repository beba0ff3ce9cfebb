export { requestedLoginServers } from './requested-login-servers.ts'
export type {
  Compatibility,
  Sku,
  RegistryPolicies,
  MovedRegistry,
  Registry,
  RegistryChange,
  Subscription,
  ResourceGroup,
  AdminPasswordVersion,
} from './model.ts'
export { type ActivityCount, type ActivityRow, hourMs } from './activity-store.ts'
export { type RegistryActivity, createRegistryActivity } from './activity.ts'
export { NameTakenError } from './errors.ts'
export { resourcesMigrations } from './migrations.ts'
export { defaultSettings } from './registry-document.ts'
export { createResources, type Resources } from './resources.ts'
