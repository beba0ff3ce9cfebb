export { createManagement } from './surface.ts'
