export { decisionDocument } from './decision-document.ts'
export { createDecisions, type Decisions } from './decisions.ts'
