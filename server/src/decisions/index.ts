export type { AllowedPrincipals } from './allowed-principals.ts'
export { decisionDocument } from './decision-document.ts'
export { createDecisions, type Decisions } from './decisions.ts'
