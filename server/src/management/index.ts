export { decisionDocument } from './roles/decision-document.ts'
export { createManagement, type Management } from './surface.ts'
