export { createManagement, type Management } from './surface.ts'
