export type {
  Sku,
  RegistryPolicies,
  MovedRegistry,
  Registry,
  RegistryChange,
  Subscription,
  ResourceGroup,
  AdminPasswordVersion,
} from './model.ts'
export type { ActivityCount, ActivityRow } from './activity-store.ts'
export { type RegistryActivity, createRegistryActivity, hourMs } from './activity.ts'
export { NameTakenError } from './errors.ts'
export { resourcesMigrations } from './migrations.ts'
export { defaultSettings } from './registry-document.ts'
export { createResources, type Resources } from './resources.ts'
