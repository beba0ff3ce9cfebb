export { portalMigrations } from './migrations.ts'
export { createPortalHost } from './portal-host.ts'
export type { PortalSignIns } from './sessions/model.ts'
