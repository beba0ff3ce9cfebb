export { portalMigrations } from './migrations.ts'
export { createPortalHost } from './portal-host.ts'
export type { FindRegistry, PortalSignIns } from './sessions/model.ts'
