export { decisionDocument } from './decision-document.ts'
export { createManagement, type Management } from './management.ts'
