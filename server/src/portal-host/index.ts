export { portalMigrations } from './migrations.ts'
export { createPortalHost } from './portal-host.ts'
export type { Abilities, FindAbilities, FindRegistry, PortalSignIns, RegistryAbility } from './sessions/model.ts'
