export { createManagement, managementRoutes } from './surface.ts'
