export { createManagement, managementRoutes } from './surface.ts'
export type { BackupPort, BackupRefusal, BackupsDocument } from './arm/backups.ts'
export type { HostCertificate } from './arm/host-certificate.ts'
